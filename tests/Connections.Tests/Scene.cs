using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Sandbox;
using CustomerInsights.Sandbox.Braze.Controlling;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;

namespace CustomerInsights.Connections.Tests;

/// <summary>An environment with an administrator and a contributor, and a Braze workspace with a key.</summary>
internal sealed class Scene
{
    public const string Admin = "user:ada";
    public const string OtherAdmin = "user:grace";
    public const string Contributor = "user:carl";
    private readonly ServiceHarness _harness;

    public Scene(ServiceHarness harness, SandboxServer sandbox)
    {
        (_harness, Environment, Host) = (harness, Some.EnvironmentId(), sandbox.Host);
        Braze = new BrazeControl(sandbox.Address, Environment);
        harness.Roles.Assign(Environment, Admin, Role.Administrator).Assign(Environment, OtherAdmin, Role.Administrator).Assign(Environment, Contributor, Role.Contributor);
        (Client, Worker) = (As(Admin), Service("worker-braze"));
    }

    public string Environment { get; }

    public string Parent => $"environments/{Environment}";

    public string Host { get; }

    /// <summary>A key that the stand-in knows, unlike any other text.</summary>
    public string Key { get; } = $"secret-{Some.Id()}";

    public BrazeControl Braze { get; }

    /// <summary>Calls as the administrator.</summary>
    public ConnectionService.ConnectionServiceClient Client { get; }

    /// <summary>Calls as the Braze worker.</summary>
    public CredentialService.CredentialServiceClient Worker { get; }

    public string Run { get; } = Some.Name("run");

    public ConnectionService.ConnectionServiceClient As(string principal, params string[] groups) =>
        _harness.ClientOf<ConnectionService.ConnectionServiceClient>(principal, groups: groups);

    public CredentialService.CredentialServiceClient Service(string appId) => _harness.ClientOf<CredentialService.CredentialServiceClient>($"service:{appId}");

    public void Assign(string principal, Role role) => _harness.Roles.Assign(Environment, principal, role);

    public CreateConnectionRequest Request(Action<CreateConnectionRequest>? change = null)
    {
        var request = new CreateConnectionRequest
        {
            Parent = Parent,
            ConnectionId = "braze",
            Connection = new Connection
            {
                DisplayName = "Braze",
                Braze = new BrazeConnection { Host = Host, ApiKey = Key },
                Consent = new Consent { StatementVersion = "2026-11", Agreed = true },
            },
        };
        change?.Invoke(request);
        return request;
    }

    public async Task<Connection> CreateAsync(Action<CreateConnectionRequest>? change = null) => await Client.CreateConnectionAsync(Request(change));

    public FetchCredentialRequest Fetch(string? run = null) => new() { Name = $"{Parent}/connections/braze", Run = RunName(run) };

    public ReportRefusedCredentialRequest Report(string reason, string? run = null) => new() { Name = $"{Parent}/connections/braze", Run = RunName(run), Reason = reason };

    public string RunName(string? run = null) => $"{Parent}/exports/daily/runs/{run ?? Run}";

    public async Task<Connection> GetAsync() => await Client.GetConnectionAsync(new GetConnectionRequest { Name = $"{Parent}/connections/braze" });

    /// <summary>The audit trail of the environment: action, actor, detail.</summary>
    public async Task<IReadOnlyList<string>> AuditAsync(CancellationToken cancellationToken) => await _harness.Database.ReadAsync(
        session => session.QueryAsync<string>(
            "SELECT action || ' ' || actor || COALESCE(' ' || detail, '') FROM audit WHERE environment_id = @Environment ORDER BY audit_id", new { Environment }),
        cancellationToken);

    public Task<int> ExecuteAsync(string sql, object parameters, CancellationToken cancellationToken) =>
        _harness.Database.WriteAsync(transaction => transaction.ExecuteAsync(sql, parameters), cancellationToken);

    public Task<string> SecretAsync(CancellationToken cancellationToken) => _harness.Database.ReadAsync(
        session => session.QuerySingleAsync<string>("SELECT secret FROM connections WHERE environment_id = @Environment", new { Environment }), cancellationToken);
}
