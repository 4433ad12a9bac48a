using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Contract;

/// <summary>
/// What every destination has to prove. A fixture derives from it, says how to start its vendor, and gets all cases, on
/// both engines. The cases are spread over several files by subject.
/// </summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
public abstract partial class DestinationContract(Engine engine)
{
    protected WorkerStage Stage { get; private set; } = null!;

    protected Vendor Vendor => Stage.Vendor;

    protected static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    /// <summary>Starts the vendor, empty and in good health.</summary>
    protected abstract Task<Vendor> StartVendorAsync(CancellationToken cancellationToken);

    [SetUp]
    public async Task RaiseCurtainAsync() => Stage = await WorkerStage.StartAsync(await StartVendorAsync(Token), engine, Token);

    [TearDown]
    public ValueTask DropCurtainAsync() => Stage.DisposeAsync();

    /// <summary>Runs, and expects the run to succeed with these counts; read has to be the sum of the classes.</summary>
    protected async Task<CompleteRunRequest> DeliverAsync(RunCounts expected, bool fullComparison = false)
    {
        var run = await Stage.RunAsync(Token, fullComparison);
        AssertCounts(run, expected);
        return run;
    }

    /// <summary>Counts of a run in which members changed in their names only: for some destinations that is no change.</summary>
    protected RunCounts Renamed(RunCounts counts)
    {
        if (!Vendor.CarriesValues)
        {
            (counts.Unchanged, counts.Updated) = (counts.Unchanged + counts.Updated, 0);
        }

        return counts;
    }

    /// <summary>Compares all counts but the number of requests.</summary>
    protected static void AssertCounts(CompleteRunRequest run, RunCounts expected)
    {
        Assert.That(run.State, Is.EqualTo(RunState.Successful), $"{run.Reason}: {run.Message}");
        var counts = run.Counts.Clone();
        counts.Requests = expected.Requests;
        Assert.That(counts, Is.EqualTo(expected));
        AssertAddsUp(run);
    }

    protected static void AssertAddsUp(CompleteRunRequest run)
    {
        var counts = run.Counts;
        Assert.That(counts.Read, Is.EqualTo(counts.Added + counts.Updated + counts.Unchanged + counts.Skipped + counts.Duplicates + counts.Rejected));
    }

    /// <summary>Exactly these customers are in the audience, with their names.</summary>
    protected async Task AssertVendorKnowsAsync(params IEnumerable<Customer> customers)
    {
        var known = await Vendor.ReadAsync(Token);
        Assert.That(known, Is.EquivalentTo(customers.ToDictionary(customer => customer.Key, Vendor.NameOf)));
    }

    /// <summary>Keys of all rows that took effect after a number of requests.</summary>
    protected async Task<IReadOnlyList<string>> SentSinceAsync(int requests) =>
        [.. (await Vendor.RequestsAsync(Token)).Skip(requests).SelectMany(request => request.Keys)];

    protected async Task<int> CountRequestsAsync() => (await Vendor.RequestsAsync(Token)).Count;
}
