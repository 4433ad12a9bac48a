using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Destinations.Contract;

/// <summary>A worker as it runs in production, on a database of its own, with the outside played by hand.</summary>
public sealed class WorkerStage : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private const string ExportUid = "uid-1";

    private int _runs;

    private WorkerStage(Vendor vendor, TestDatabase database)
    {
        (Vendor, Database, Connections) = (vendor, database, new FakeConnections(vendor.Credential));
        Export = new Export { Name = $"{FakeSegments.Environment}/exports/newsletter", Connection = $"{FakeSegments.Environment}/connections/vendor", Segments = { FakeSegments.Names } };
        vendor.Configure(Export);
        Account = Connections.Account;
    }

    public Vendor Vendor { get; }

    public TestDatabase Database { get; }

    public FakeSegments Segments { get; } = new();

    public FakeExports Exports { get; } = new();

    public FakeConnections Connections { get; }

    /// <summary>The export of the next run.</summary>
    public Export Export { get; }

    /// <summary>Places for runs, from the next start of a worker on.</summary>
    public int ConcurrentRuns { get; set; } = 4;

    /// <summary>The account of the connection, for which the next run is opened.</summary>
    public string Account
    {
        get;
        set => field = Connections.Account = value;
    }

    public ServiceHarness Worker { get; private set; } = null!;

    public static async Task<WorkerStage> StartAsync(Vendor vendor, Engine engine, CancellationToken cancellationToken)
    {
        var stage = new WorkerStage(vendor, await TestDatabase.CreateAsync(engine, cancellationToken));
        stage.Worker = await stage.StartWorkerAsync(TimeProvider.System, cancellationToken);
        return stage;
    }

    /// <summary>Another replica of the worker, on the same database.</summary>
    public Task<ServiceHarness> StartWorkerAsync(TimeProvider time, CancellationToken cancellationToken) => ServiceHarness.StartAsync(
        Vendor.App,
        new HarnessOptions
        {
            Database = Database,
            Time = time,
            Fakes = [Segments, Exports, Connections],
            Settings = new Dictionary<string, string?>(Vendor.Settings)
            {
                ["Jobs:Lease"] = "00:00:02",
                ["Jobs:Poll"] = "00:00:00.2",
                ["Destinations:ConcurrentRuns"] = $"{ConcurrentRuns}",
                ["Forgetting:Every"] = "00:00:01",
            },
        },
        cancellationToken);

    /// <summary>Stops the worker and starts it again, perhaps with another clock.</summary>
    public async Task RestartAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        await Worker.DisposeAsync();
        Worker = await StartWorkerAsync(time, cancellationToken);
    }

    /// <summary>Changes the definition of the export without changing who is a member, or how one is sent.</summary>
    public void Redefine() => Vendor.Redefine(Export);

    /// <summary>Customers are in the first segment, and in the second one if their number is odd.</summary>
    public void Put(params IEnumerable<Customer> customers)
    {
        foreach (var customer in customers)
        {
            Segments.Put(customer.Id, Vendor.Profile(customer), customer.Id[^1] % 2 == 0 ? 0b01UL : 0b11UL);
        }
    }

    public void Remove(params IEnumerable<Customer> customers)
    {
        foreach (var customer in customers)
        {
            Segments.Remove(customer.Id);
        }
    }

    /// <summary>Asks the worker for a run, by event; returns its name.</summary>
    public async Task<string> AskAsync(bool fullComparison, CancellationToken cancellationToken, bool resendAll = false)
    {
        var assignment = new RunAssignment
        {
            Run = $"{Export.Name}/runs/run-{++_runs:000}",
            Export = Export.Clone(),
            ExportUid = ExportUid,
            DestinationAccount = Account,
            FullComparison = fullComparison,
            ResendAll = resendAll,
        };
        Exports.Open(assignment);
        await AnnounceAsync(assignment.Run, cancellationToken);
        return assignment.Run;
    }

    /// <summary>Publishes the event that asks for a run.</summary>
    public Task AnnounceAsync(string run, CancellationToken cancellationToken)
    {
        var requested = new ExportRunRequested { Run = run, Export = Export.Name, Connection = Export.Connection };
        return Worker.Database.WriteAsync(
            transaction => Worker.Services.GetRequiredService<EventPublisher>().PublishAsync(transaction, Vendor.Topic, run, requested), cancellationToken);
    }

    /// <summary>Publishes the event that the export is gone for good.</summary>
    public Task AnnounceDeletionAsync(CancellationToken cancellationToken)
    {
        var deleted = new ExportDeleted { Export = Export.Name, ExportUid = ExportUid };
        return Worker.Database.WriteAsync(
            transaction => Worker.Services.GetRequiredService<EventPublisher>().PublishAsync(transaction, Topics.ExportDeleted, Export.Name, deleted), cancellationToken);
    }

    /// <summary>Lets the export be gone without an event.</summary>
    public void DeleteSilently() => Exports.Deleted.Add(ExportUid);

    /// <summary>Rows that the worker remembers of exports, in all tables.</summary>
    public Task<long> CountRememberedAsync(CancellationToken cancellationToken) => Worker.Database.ReadAsync(
        session => session.QuerySingleAsync<long>(
            """
            SELECT (SELECT COUNT(*) FROM ledger) + (SELECT COUNT(*) FROM removals) + (SELECT COUNT(*) FROM flights) + (SELECT COUNT(*) FROM files)
              + (SELECT COUNT(*) FROM run_audiences) + (SELECT COUNT(*) FROM audiences)
            """),
        cancellationToken);

    /// <summary>Waits for the end of a run.</summary>
    public Task<CompleteRunRequest> EndedAsync(string run, CancellationToken cancellationToken) =>
        Eventually.ValueAsync(() => Task.FromResult(Exports.CompletionOf(run)), $"{run} ends", Patience, cancellationToken);

    /// <summary>Asks for a run and waits for its end.</summary>
    public async Task<CompleteRunRequest> RunAsync(CancellationToken cancellationToken, bool fullComparison = false) =>
        await EndedAsync(await AskAsync(fullComparison, cancellationToken), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Vendor.HealAsync(CancellationToken.None);
        await Worker.DisposeAsync();
        await Database.DisposeAsync();
        await Vendor.DisposeAsync();
    }
}
