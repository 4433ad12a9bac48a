using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Contract;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using CustomerInsights.Workers.MicrosoftAdvertising.Contract;
using VendorOptions = CustomerInsights.Sandbox.MicrosoftAdvertising.MicrosoftAdvertisingOptions;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Staging;

/// <summary>What the tests have in common that let the worker run against the stand-in, both by one clock, on both engines.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
[CancelAfter(120_000)]
public abstract class AdvertisingTests(Engine engine)
{
    private protected const string First = "environments/contoso/segments/first";
    private protected const string Second = "environments/contoso/segments/second";

    private int _runs;

    private protected WorkerStage Stage { get; private set; } = null!;

    private protected JumpingClock Clock { get; } = new();

    private protected MicrosoftAdvertisingVendor Vendor => (MicrosoftAdvertisingVendor)Stage.Vendor;

    private protected MicrosoftAdvertisingControl Control => Vendor.Control;

    private protected MicrosoftAdvertisingExport Settings => Stage.Export.MicrosoftAdvertising;

    /// <summary>Display names of the segments; what is missing is called as in its resource name.</summary>
    private protected Dictionary<string, string> Names { get; } = new() { [First] = "VIP, \"gold\"", [Second] = "Everybody else" };

    /// <summary>Of the export: another one is another export, made anew.</summary>
    private protected string ExportUid { get; set; } = "uid-1";

    private protected static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    [TearDown]
    public async Task DropCurtainAsync()
    {
        if (Stage is not null)
        {
            await Stage.DisposeAsync();
        }
    }

    /// <summary>Starts the worker.</summary>
    /// <param name="byFile">Everything goes by the Bulk service; else by Apply calls, unless it replaces everybody.</param>
    private protected async Task StartAsync(bool byFile = false)
    {
        Stage = await WorkerStage.StartAsync(await MicrosoftAdvertisingVendor.StartAsync(byFile, Token, Clock), engine, Token);
        await Stage.RestartAsync(Clock, Token);
    }

    /// <summary>Puts some customers into the segments and lets the first run deliver them.</summary>
    private protected async Task<IReadOnlyList<Customer>> DeliverAsync(int count)
    {
        var customers = Customer.Many(count);
        Stage.Put(customers);
        await SucceedAsync();
        return customers;
    }

    private protected async Task<CompleteRunRequest> SucceedAsync(Action<RunAssignment>? adjust = null)
    {
        var run = await RunAsync(adjust);
        Assert.That(run.State, Is.EqualTo(RunState.Successful), $"{run.Reason}: {run.Message}");
        return run;
    }

    private protected async Task<CompleteRunRequest> FailAsync(string reason, Action<RunAssignment>? adjust = null)
    {
        var run = await RunAsync(adjust);
        Assert.That((run.State, run.Reason), Is.EqualTo((RunState.Failed, reason)), run.Message);
        return run;
    }

    private protected async Task<CompleteRunRequest> RunAsync(Action<RunAssignment>? adjust = null) => await Stage.EndedAsync(await AskAsync(adjust), Token);

    private protected async Task<string> AskAsync(Action<RunAssignment>? adjust = null)
    {
        var assignment = new RunAssignment
        {
            Run = $"{Stage.Export.Name}/runs/own-{++_runs:000}",
            Export = Stage.Export.Clone(),
            ExportUid = ExportUid,
            DestinationAccount = Stage.Account,
            SegmentDisplayNames = { Names },
        };
        adjust?.Invoke(assignment);
        Stage.Exports.Open(assignment);
        await Stage.AnnounceAsync(assignment.Run, Token);
        return assignment.Run;
    }

    /// <summary>The only list of that name.</summary>
    private protected async Task<ListView> ListAsync(string name) => (await Control.ListsAsync(Token)).Single(list => list.Name == name);

    private protected async Task<IReadOnlyList<string>> MembersAsync(ListView list)
    {
        var members = new List<string>();
        await foreach (var hash in Control.MembersAsync(list.Id, Token))
        {
            members.Add(hash);
        }

        return members;
    }

    /// <summary>Exactly these are in the list of a segment.</summary>
    private protected async Task AssertHoldsAsync(string segment, params IEnumerable<string> hashes) =>
        Assert.That(await MembersAsync(await ListAsync(Names[segment])), Is.EquivalentTo(hashes));

    private protected static IEnumerable<string> HashesOf(IEnumerable<Customer> customers) => customers.Select(HashOf);

    private protected static string HashOf(Customer customer) => HashedEmail.Of($"{customer.Key}@example.com");

    /// <summary>Somebody deletes the list in the vendor's web interface.</summary>
    private protected async Task DeleteByHandAsync(ListView list)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Delete, new Uri(Control.CampaignAddress, "Audiences"))
        {
            Content = new StringContent($$"""{"AudienceIds":["{{list.Id}}"]}""", null, "application/json"),
        };
        new AccountHeaders(Vendor.Secret, Vendor.Credential.MicrosoftAdvertising.DeveloperToken, Settings.CustomerId, Settings.AccountId).Write(request.Headers);
        using var answer = await client.SendAsync(request, Token);
        Assert.That(answer.IsSuccessStatusCode && await Control.FindListAsync(list.Id, Token) is null, Is.True, "the list is gone");
    }

    /// <summary>An administrator accepts the Customer Match terms in the vendor's web interface, or has not done so.</summary>
    private protected Task AcceptTermsAsync(bool accepted) => Control.DefineAccountAsync(
        new AdAccount { CustomerId = VendorOptions.DefaultCustomerId, AccountId = VendorOptions.DefaultAccountId, TermsAccepted = accepted }, Token);

    /// <summary>What took effect on members since a place in the journal: operation, action, and how many.</summary>
    private protected async Task<IReadOnlyList<(string Operation, string? Action, int Items)>> EffectsSinceAsync(long place) =>
    [
        .. (await JournalAsync(place))
            .Where(entry => entry is { Committed: true, Operation: MicrosoftAdvertisingOperations.ApplyCustomerListUserData or MicrosoftAdvertisingOperations.ProcessBulkFile })
            .Select(entry => (entry.Operation, entry.Action, entry.Accepted)),
    ];

    private protected async Task<long> PlaceAsync() => (await JournalAsync(0)).Select(entry => entry.Sequence).DefaultIfEmpty().Max();

    private protected async Task<IReadOnlyList<MicrosoftAdvertisingRecord>> JournalAsync(long after)
    {
        var entries = new List<MicrosoftAdvertisingRecord>();
        await foreach (var entry in Control.JournalAsync(after, Token))
        {
            entries.Add(entry);
        }

        return entries;
    }

    /// <summary>Waits until the stand-in has seen an operation since a place in the journal.</summary>
    private protected Task SeenAsync(string operation, long after) =>
        Eventually.TrueAsync(async () => (await JournalAsync(after)).Any(entry => entry.Operation == operation), $"{operation} is called", cancellationToken: Token);

    /// <summary>Waits until a fault has met its first request.</summary>
    private protected Task HitAsync(FaultRule fault) => Eventually.TrueAsync(
        async () => (await Control.ListFaultsAsync(Token)).Any(active => active.Id == fault.Id && active.Hits > 0), $"{fault.Kind} hits {fault.Operation}", cancellationToken: Token);
}
