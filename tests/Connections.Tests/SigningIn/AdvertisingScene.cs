using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Google.Protobuf.WellKnownTypes;
using SignIn = CustomerInsights.Contracts.Connections.V1.SignIn;

namespace CustomerInsights.Connections.Tests.SigningIn;

/// <summary>An environment whose administrator connects Microsoft Advertising.</summary>
internal sealed class AdvertisingScene
{
    public const string Admin = "user:ada";
    public const string OtherAdmin = "user:grace";
    private readonly ServiceHarness _harness;
    private readonly ScriptedPlatform? _platform;

    public AdvertisingScene(ServiceHarness harness, ScriptedPlatform? platform)
    {
        (_harness, _platform) = (harness, platform);
        harness.Roles.Assign(Environment, Admin, Role.Administrator).Assign(Environment, OtherAdmin, Role.Administrator);
        Client = harness.ClientOf<ConnectionService.ConnectionServiceClient>(Admin);
        Worker = WorkerOf(harness);
    }

    public string Environment { get; } = Some.EnvironmentId();

    public string Parent => $"environments/{Environment}";

    public string Name => $"{Parent}/connections/ads";

    public ConnectionService.ConnectionServiceClient Client { get; }

    public CredentialService.CredentialServiceClient Worker { get; }

    public static CredentialService.CredentialServiceClient WorkerOf(ServiceHarness harness) =>
        harness.ClientOf<CredentialService.CredentialServiceClient>("service:worker-microsoft-advertising");

    public async Task<SignIn> BeginAsync() =>
        await Client.BeginSignInAsync(new BeginSignInRequest { Parent = Parent, Service = SignInService.MicrosoftAdvertising });

    public async Task<SignIn> GetAsync(SignIn signIn) => await Client.GetSignInAsync(new GetSignInRequest { Name = signIn.Name });

    /// <summary>A sign-in whose person has agreed.</summary>
    public async Task<SignIn> SignInAsync(CancellationToken cancellationToken)
    {
        var begun = await BeginAsync();
        using var browser = new TestBrowser();
        var asked = await browser.FollowAsync(begun.SignInUri, cancellationToken);
        using var answer = await browser.ReturnAsync(asked, cancellationToken, ("code", _platform!.Consent(asked["code_challenge"])));
        Assert.That((int)answer.StatusCode, Is.EqualTo(200));
        return await GetAsync(begun);
    }

    public CreateConnectionRequest Request(SignIn signIn, Action<CreateConnectionRequest>? change = null)
    {
        var request = new CreateConnectionRequest
        {
            Parent = Parent,
            ConnectionId = "ads",
            Connection = new Connection
            {
                DisplayName = "Ads",
                MicrosoftAdvertising = new MicrosoftAdvertisingConnection { SignIn = signIn.Name, CustomerMatchTermsAccepted = true },
                Consent = new Consent { StatementVersion = "2026-11", Agreed = true },
            },
        };
        change?.Invoke(request);
        return request;
    }

    public async Task<Connection> ConnectAsync(CancellationToken cancellationToken) =>
        await Client.CreateConnectionAsync(Request(await SignInAsync(cancellationToken)), cancellationToken: cancellationToken);

    public UpdateConnectionRequest Update(SignIn signIn) => new()
    {
        Connection = new Connection { Name = Name, MicrosoftAdvertising = new MicrosoftAdvertisingConnection { SignIn = signIn.Name } },
        UpdateMask = new FieldMask { Paths = { "microsoft_advertising.sign_in" } },
    };

    public FetchCredentialRequest Fetch(bool renew = false) => new() { Name = Name, Run = $"{Parent}/exports/daily/runs/1", Renew = renew };

    public async Task<Connection> ConnectionAsync() => await Client.GetConnectionAsync(new GetConnectionRequest { Name = Name });

    public Task<IReadOnlyList<string>> QueryAsync(string sql, CancellationToken cancellationToken) =>
        _harness.Database.ReadAsync(session => session.QueryAsync<string>(sql, new { Environment }), cancellationToken);

    public Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken) =>
        _harness.Database.WriteAsync(transaction => transaction.ExecuteAsync(sql, new { Environment }), cancellationToken);

    /// <summary>The encrypted token of the connection's grant.</summary>
    public async Task<string> StoredTokenAsync(CancellationToken cancellationToken) =>
        (await QueryAsync("SELECT token FROM grants WHERE grant_id IN (SELECT grant_id FROM connections WHERE environment_id = @Environment)", cancellationToken)).Single();
}
