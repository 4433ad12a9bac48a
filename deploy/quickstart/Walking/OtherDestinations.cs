using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Calling;
using CustomerInsights.Quickstart.Comparing;
using CustomerInsights.Quickstart.Showing;
using CustomerInsights.Quickstart.Starting;

namespace CustomerInsights.Quickstart.Walking;

/// <summary>The same segment in Microsoft Advertising and at a webhook: set up as a person would, and compared after each refresh.</summary>
internal sealed class OtherDestinations(Topology topology, Insights insights, Screen screen)
{
    private const string SigningSecret = "sandbox-signing-secret";
    private const string AdCustomer = "1000001";
    private const string AdAccount = "2000001";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    // Whom a destination cannot take is told with the reason, once; all others are there, and nobody else.
    private readonly HashSet<string> _rejected = [];
    private Export _advertising = new();
    private Export _webhook = new();

    public async Task SetUpAsync(string environment, Segment segment, BrazeExport fields, CancellationToken cancellationToken)
    {
        var signIn = await SetUp.SignInAsync(insights, environment, OtherStandIns.User, cancellationToken);
        var advertising = await SetUp.ConnectAsync(
            insights, environment, "ads", new Connection { DisplayName = "Microsoft Advertising (stand-in)", MicrosoftAdvertising = new() { SignIn = signIn, CustomerMatchTermsAccepted = true } }, cancellationToken);
        screen.Good($"{advertising.Name}: signed in, reaches {advertising.MicrosoftAdvertising.Accounts.Count} ad account(s)");
        _advertising = await SetUp.CreateExportAsync(
            insights,
            "to-ads",
            new Export
            {
                DisplayName = "To Microsoft Advertising",
                Connection = advertising.Name,
                Segments = { segment.Name },
                MicrosoftAdvertising = new() { CustomerId = AdCustomer, AccountId = AdAccount, EmailAttribute = fields.EmailAttribute },
            },
            cancellationToken);
        var webhook = await SetUp.ConnectAsync(
            insights, environment, "webhook", new Connection { DisplayName = "Webhook (stand-in)", Webhook = new() { Url = $"{topology.SandboxAddress}webhook/main", SigningSecret = SigningSecret } }, cancellationToken);
        screen.Good($"{webhook.Name}: answered a signed ping");
        _webhook = await SetUp.CreateExportAsync(
            insights,
            "to-webhook",
            new Export { DisplayName = "To the webhook", Connection = webhook.Name, Segments = { segment.Name }, Webhook = new() { Attributes = { ["email"] = fields.EmailAttribute } } },
            cancellationToken);
    }

    /// <summary>Waits until both have the newest version of the segment, and compares; true when they equal it.</summary>
    public async Task<bool> CompareAsync(string segment, CancellationToken cancellationToken)
    {
        var members = await ReadAddresses.RunAsync(insights, _advertising, cancellationToken);
        var runs = await Task.WhenAll(new[] { _advertising, _webhook }.Select(export => FollowAsync(segment, export, cancellationToken)));
        var (ads, webhook) = (await OtherStandIns.ReadListAsync(topology.SandboxAddress, cancellationToken), await OtherStandIns.ReadWebhookAsync(topology.SandboxAddress, cancellationToken));
        _rejected.UnionWith(await RejectedAsync(runs, cancellationToken));
        var taken = members.Where(member => !_rejected.Contains(member.Key)).ToDictionary();
        var adsGood = runs[0].State == RunState.Successful && ads.SetEquals(taken.Values.Select(OtherStandIns.Hash));
        var webhookGood = runs[1].State == RunState.Successful && webhook.SetEquals(members.Keys);
        screen.Judge(adsGood, $"Microsoft Advertising equals the segment: {ads.Count:N0} hashed addresses, {runs[0].Counts.Requests} request(s)");
        screen.Judge(webhookGood, $"the webhook equals the segment: {webhook.Count:N0} members, {runs[1].Counts.Requests} request(s)");
        return adsGood && webhookGood;
    }

    private async Task<ExportRun> FollowAsync(string segment, Export export, CancellationToken cancellationToken)
    {
        var present = await insights.Segments.GetSegmentAsync(new GetSegmentRequest { Name = segment }, cancellationToken: cancellationToken);
        var refresh = new SegmentRefresh { Name = $"{segment}/refreshes/newest", Version = present.Version };
        return await Follow.RunAsync(insights, export.Name, refresh, _ => { }, Patience, cancellationToken);
    }

    private async Task<IEnumerable<string>> RejectedAsync(IEnumerable<ExportRun> runs, CancellationToken cancellationToken)
    {
        var rejected = new List<string>();
        foreach (var run in runs)
        {
            rejected.AddRange((await ReadRejected.RunAsync(insights, run.Name, cancellationToken)).Select(row => row.CustomerId));
        }

        return rejected;
    }
}
