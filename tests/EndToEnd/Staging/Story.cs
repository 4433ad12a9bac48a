using System.Globalization;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Comparing;
using CustomerInsights.Quickstart.Sampling;
using CustomerInsights.Quickstart.Starting;
using CustomerInsights.Quickstart.Walking;
using CustomerInsights.TestKit;

namespace CustomerInsights.EndToEnd.Staging;

/// <summary>
/// One environment with a segment, an export and a Braze workspace of its own, and the test's own knowledge of who its
/// customers are: what Braze should know is computed from that, not read from the system.
/// </summary>
internal sealed class Story : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Stage _stage;
    private readonly Dictionary<string, SampleCustomer> _customers = [];

    private Story(Stage stage, string id, string key) => (_stage, Id, ApiKey, Braze) = (stage, id, key, new BrazeStandIn(stage.Topology.SandboxAddress, id));

    public string Id { get; }

    public string ApiKey { get; }

    /// <summary>The workspace.</summary>
    public BrazeStandIn Braze { get; }

    public string Environment => $"environments/{Id}";

    public Segment Segment { get; private set; } = new();

    public Export Export { get; private set; } = new();

    /// <summary>The custom attribute that says who is a member.</summary>
    public string SegmentAttribute => Export.Braze.SegmentApiIdentifier;

    /// <summary>The members, by the id at Braze.</summary>
    public Dictionary<string, ExpectedUser> Expected => _customers.Values.Where(c => c.IsBigSpender).ToDictionary(c => c.BrazeId, Expect);

    /// <summary>Sets everything up and imports the customers; nothing is refreshed yet.</summary>
    public static async Task<Story> BeginAsync(Stage stage, IEnumerable<SampleCustomer> customers, CancellationToken cancellationToken, string? apiKey = null)
    {
        var id = Some.Name("story");
        var story = new Story(stage, id, apiKey ?? Some.Name("key"));
        await story.Braze.AllowKeyAsync(story.ApiKey, cancellationToken);
        var file = ProfileFile.Samples(Path.Combine(Repository.Root, "deploy", "samples"));
        await SetUp.CreateEnvironmentAsync(stage.Insights, id, cancellationToken);
        await SetUp.DeclareSchemaAsync(stage.Insights, story.Environment, file.Schema, cancellationToken);
        await story.ImportAsync(customers, cancellationToken);
        var connection = await SetUp.ConnectAsync(stage.Insights, story.Environment, stage.Topology.BrazeHost, story.ApiKey, cancellationToken);
        story.Segment = await SetUp.CreateSegmentAsync(stage.Insights, story.Environment, "big-spenders", file.Segment, cancellationToken);
        story.Export = await SetUp.CreateExportAsync(stage.Insights, connection, story.Segment, file.Export, cancellationToken);
        return story;
    }

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
        var import = await ImportFile.RunAsync(_stage.Insights, header, content, _ => { }, cancellationToken);
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
        await _stage.Insights.Segments.RefreshSegmentAsync(new RefreshSegmentRequest { Name = Segment.Name }, cancellationToken: cancellationToken);

    public async Task<SegmentRefresh> RefreshedAsync(string refresh, CancellationToken cancellationToken)
    {
        var done = await Follow.RefreshAsync(_stage.Insights, refresh, Patience, cancellationToken);
        Assert.That(done.State, Is.EqualTo(RefreshState.Successful), done.Error);
        return done;
    }

    /// <summary>Waits until a run has delivered this version.</summary>
    public async Task<ExportRun> DeliveredAsync(SegmentRefresh refresh, CancellationToken cancellationToken)
    {
        var run = await Follow.RunAsync(_stage.Insights, Export.Name, refresh, _ => { }, Patience, cancellationToken);
        Assert.That(run.State, Is.EqualTo(RunState.Successful), $"{run.Reason}: {run.Message}");

        // The catch-up may be faster than the event; then the run of the event finds nothing left to do.
        return (await RunsAsync(cancellationToken)).Last(earlier =>
            earlier.State == RunState.Successful && earlier.SegmentCounts.Any(c => c.Segment == Segment.Name && c.Version >= refresh.Version));
    }

    /// <summary>The runs so far, newest first.</summary>
    public async Task<IReadOnlyList<ExportRun>> RunsAsync(CancellationToken cancellationToken) =>
        (await _stage.Insights.Exports.ListExportRunsAsync(new ListExportRunsRequest { Parent = Export.Name }, cancellationToken: cancellationToken)).Runs;

    /// <summary>Both as the test knows the customers and as the system shows the segment, Braze knows exactly that.</summary>
    public async Task AssertBrazeEqualsSegmentAsync(CancellationToken cancellationToken, params string[] rejectedCustomerIds)
    {
        var rejected = rejectedCustomerIds.ToHashSet();
        var expected = _customers.Values.Where(c => c.IsBigSpender && !rejected.Contains(c.Id)).ToDictionary(c => c.BrazeId, Expect);
        var byTest = await CompareWithSegment.RunAsync(Braze, SegmentAttribute, expected, cancellationToken);
        Assert.That(byTest.Differences, Is.Empty, "Braze is not what the test's own customers make it.");
        var shown = await ReadSegment.RunAsync(_stage.Insights, Export, rejected, cancellationToken);
        var bySystem = await CompareWithSegment.RunAsync(Braze, SegmentAttribute, shown, cancellationToken);
        Assert.That(bySystem.Differences, Is.Empty, "Braze is not what the system shows as members.");
        Assert.That(bySystem.Members, Is.EqualTo(byTest.Members), "members shown by the system");
    }

    /// <summary>What was sent after a request, beside what should have been.</summary>
    public Task<SentChanges> SentAsync(long after, IReadOnlyDictionary<string, ExpectedUser> before, CancellationToken cancellationToken) =>
        SentChanges.ReadAsync(Braze, after, SegmentAttribute, (before, Expected), cancellationToken);

    public void Dispose() => Braze.Dispose();

    private ExpectedUser Expect(SampleCustomer customer) => new(customer.BrazeId, new Dictionary<string, object>
    {
        [SegmentAttribute] = true,
        ["email"] = customer.Email,
        ["first_name"] = customer.FirstName,
        ["last_name"] = customer.LastName,
        ["country"] = customer.Country,
        ["loyalty_points"] = Convert.ToDouble(customer.Points, CultureInfo.InvariantCulture),
        ["vip"] = customer.Vip,
    });
}
