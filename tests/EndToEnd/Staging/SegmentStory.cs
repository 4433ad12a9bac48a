using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Sampling;
using CustomerInsights.Quickstart.Starting;
using CustomerInsights.Quickstart.Walking;
using CustomerInsights.TestKit;

namespace CustomerInsights.EndToEnd.Staging;

/// <summary>
/// One environment with a segment and an export of its own, and the test's own knowledge of who its customers are: what the
/// destination should have is computed from that, not read from the system.
/// </summary>
internal abstract class SegmentStory
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Dictionary<string, SampleCustomer> _customers = [];

    protected SegmentStory(Stage stage) => Stage = stage;

    public string Id { get; } = Some.Name("story");

    public string Environment => $"environments/{Id}";

    public Segment Segment { get; private set; } = new();

    public Export Export { get; protected set; } = new();

    protected Stage Stage { get; }

    /// <summary>The sample schema, rule and mapping.</summary>
    protected ProfileFile File { get; } = ProfileFile.Samples(Path.Combine(Repository.Root, "deploy", "samples"));

    /// <summary>Those who should be in the segment.</summary>
    protected IEnumerable<SampleCustomer> Present => _customers.Values.Where(c => c.IsBigSpender);

    /// <summary>Customers who are all in the segment.</summary>
    public static IEnumerable<SampleCustomer> Members(int count)
    {
        var sequence = new SeededSequence(11);
        return Enumerable.Range(1, count).Select(number => SampleFiles.Customer(number, sequence) with { Country = "DE", Vip = true });
    }

    /// <summary>Customers of all kinds.</summary>
    public static IEnumerable<SampleCustomer> Mixed(int count)
    {
        var sequence = new SeededSequence(12);
        return Enumerable.Range(1, count).Select(number => SampleFiles.Customer(number, sequence));
    }

    public Task<ImportProfilesResponse> ImportAsync(IEnumerable<SampleCustomer> customers, CancellationToken cancellationToken) =>
        ImportAsync(customers, new HashSet<string>(), cancellationToken);

    /// <param name="deleted">Ids of those whose row says that they are deleted.</param>
    public async Task<ImportProfilesResponse> ImportAsync(IEnumerable<SampleCustomer> customers, IReadOnlySet<string> deleted, CancellationToken cancellationToken)
    {
        var rows = customers.ToList();
        var csv = SampleFiles.Csv(
            [.. SampleCustomer.Columns, SampleFiles.DeleteColumn], rows.Select(c => $"{c.ToCsv()},{(deleted.Contains(c.Id) ? "true" : "false")}"));
        var header = new ImportHeader { Parent = Environment, Format = FileFormat.Csv, DeleteColumn = SampleFiles.DeleteColumn };
        header.Columns.Add(SampleCustomer.Columns.ToDictionary(c => c, c => c));
        using var content = new MemoryStream(csv);
        var import = await ImportFile.RunAsync(Stage.Insights, header, content, _ => { }, cancellationToken);
        Assert.That(import.Rejected, Is.Zero, string.Join('\n', import.Errors));
        foreach (var customer in rows)
        {
            if (deleted.Contains(customer.Id))
            {
                _customers.Remove(customer.Id);
            }
            else
            {
                _customers[customer.Id] = customer;
            }
        }

        return import;
    }

    public async Task<SegmentRefresh> RefreshAsync(CancellationToken cancellationToken)
    {
        var refresh = await AskForRefreshAsync(cancellationToken);
        return await RefreshedAsync(refresh.Name, cancellationToken);
    }

    public async Task<SegmentRefresh> AskForRefreshAsync(CancellationToken cancellationToken) =>
        await Stage.Insights.Segments.RefreshSegmentAsync(new RefreshSegmentRequest { Name = Segment.Name }, cancellationToken: cancellationToken);

    public async Task<SegmentRefresh> RefreshedAsync(string refresh, CancellationToken cancellationToken)
    {
        var done = await Follow.RefreshAsync(Stage.Insights, refresh, Patience, cancellationToken);
        Assert.That(done.State, Is.EqualTo(RefreshState.Successful), done.Error);
        return done;
    }

    /// <summary>Waits until a run has delivered this version.</summary>
    public async Task<ExportRun> DeliveredAsync(SegmentRefresh refresh, CancellationToken cancellationToken)
    {
        var run = await Follow.RunAsync(Stage.Insights, Export.Name, refresh, _ => { }, Patience, cancellationToken);
        Assert.That(run.State, Is.EqualTo(RunState.Successful), $"{run.Reason}: {run.Message}");

        // The catch-up may be faster than the event; then the run of the event finds nothing left to do.
        return (await RunsAsync(cancellationToken)).Last(earlier =>
            earlier.State == RunState.Successful && earlier.SegmentCounts.Any(c => c.Segment == Segment.Name && c.Version >= refresh.Version));
    }

    /// <summary>The runs so far, newest first.</summary>
    public async Task<IReadOnlyList<ExportRun>> RunsAsync(CancellationToken cancellationToken) =>
        (await Stage.Insights.Exports.ListExportRunsAsync(new ListExportRunsRequest { Parent = Export.Name }, cancellationToken: cancellationToken)).Runs;

    /// <summary>Makes the environment with its customers and the segment; nothing is refreshed yet, and nothing exported.</summary>
    protected async Task SetSceneAsync(IEnumerable<SampleCustomer> customers, CancellationToken cancellationToken)
    {
        await SetUp.CreateEnvironmentAsync(Stage.Insights, Id, cancellationToken);
        await SetUp.DeclareSchemaAsync(Stage.Insights, Environment, File.Schema, cancellationToken);
        await ImportAsync(customers, cancellationToken);
        Segment = await SetUp.CreateSegmentAsync(Stage.Insights, Environment, "big-spenders", File.Segment, cancellationToken);
    }
}
