using System.Text;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.Segments.Forgetting;
using CustomerInsights.Segments.Importing;
using CustomerInsights.Segments.Refreshing;
using CustomerInsights.Segments.Streaming;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Wire = CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Segments.Tests;

/// <summary>The service without its doors and loops: an environment of its own, with a schema.</summary>
internal sealed class World
{
    private readonly IOptions<SegmentsOptions> _options;

    private World(Database database, SegmentsOptions options)
    {
        (Database, _options) = (database, Options.Create(options));
        Ids = new IdGenerator(Time);
        var deletions = new ForgetDeletions(_options, Time);
        var leavers = new ForgetLeavers(_options, Time);
        Forget = new ForgetFeed(database, deletions, leavers, Time);
        Merge = new MergeProfiles(deletions, Time);
        Answered = new AnsweredRequests(Time);
        var limit = new WatchActiveLimit(_options, NullLogger<WatchActiveLimit>.Instance);
        Request = new RequestRefresh(database, new JobQueue(Time), Answered, Ids, Time);
        Create = new CreateSegment(database, Answered, Request, limit, Ids);
        Evaluate = new EvaluateSegment(new EventPublisher("segments", Ids, Time), limit, leavers, _options, Time);
        Import = new ImportProfiles(database, Merge, _options, NullLogger<ImportProfiles>.Instance);
    }

    public string Environment { get; } = Some.EnvironmentId();

    public Database Database { get; }

    public ManualTimeProvider Time { get; } = new();

    public IdGenerator Ids { get; }

    public MergeProfiles Merge { get; }

    public AnsweredRequests Answered { get; }

    public RequestRefresh Request { get; }

    public CreateSegment Create { get; }

    public EvaluateSegment Evaluate { get; }

    public ForgetFeed Forget { get; }

    public ImportProfiles Import { get; }

    public static async Task<World> CreateAsync(Engine engine, ProfileSchema? schema = null, SegmentsOptions? options = null)
    {
        var world = new World(await SharedDatabases.OfAsync(engine), options ?? new SegmentsOptions());
        await world.DeclareAsync(schema ?? SomeSchema.WithEveryKind);
        return world;
    }

    public async Task<ProfileSet> DeclareAsync(ProfileSchema schema) =>
        (await new DeclareSchema(Database, Ids).RunAsync(Environment, schema, "", validateOnly: false, default)).Value;

    public async Task<ProfileSet> SetAsync() => (await Database.ReadAsync(s => ProfileSetStore.FindAsync(s, Environment), default))!;

    public async Task<Merged> MergeAsync(params ProfileRow[] rows)
    {
        var attributes = (await SetAsync()).Schema.Columns.ToList();
        return (await Database.WriteAsync(t => Merge.RunAsync(t, Environment, attributes, rows), default))!;
    }

    public Task<Merged> DeleteAsync(params string[] ids) =>
        Database.WriteAsync(t => Merge.RunAsync(t, Environment, [], ids.Select((id, i) => new ProfileRow(i, id, IsDeleted: true, []))), default)!;

    public Task<Result<ImportOutcome>> ImportCsvAsync(string file, string deleteColumn = "", bool validateOnly = false) => Import.RunAsync(
        new ImportRequest(Environment, FileFormat.Csv, new Dictionary<string, string>(), deleteColumn, validateOnly), Chunks(file), default);

    public async Task<SegmentName> AddSegmentAsync(Rule rule, string id = "some")
    {
        var wanted = new NewSegment(Environment, id, new SegmentDefinition("Some", "", rule, SegmentState.Inactive), "", ValidateOnly: false);
        return (await Create.RunAsync(wanted, "test", default)).Value.Name;
    }

    public async Task<Segment> SegmentAsync(SegmentName name) => (await Database.ReadAsync(s => SegmentStore.FindAsync(s, name), default))!;

    /// <summary>What the refresh job does in its transaction, for a refresh that is asked for and begun in the same.</summary>
    public async Task<RefreshCounts> RefreshAsync(SegmentName name) => (await Database.WriteAsync(t => EvaluateAsync(t, name), default)).Value;

    public async Task<Result<RefreshCounts>> EvaluateAsync(Transaction transaction, SegmentName name)
    {
        var refresh = new RefreshName(name.Environment, name.Segment, Ids.Next());
        await RefreshStore.InsertQueuedAsync(transaction, new SegmentRefresh(refresh, RefreshState.Queued, RefreshCounts.None, "test", Time.GetUtcNow(), null, null, ""));
        return await Evaluate.RunAsync(transaction, refresh);
    }

    public async Task<List<Wire.MembershipPage>> MembersAsync(SegmentName[] segments, string[] attributes, string startAfter = "")
    {
        await using var snapshot = await OpenAsync(segments, attributes);
        return await snapshot.ReadMembersAsync(startAfter, CancellationToken.None).ToListAsync();
    }

    public async Task<List<Wire.MembershipPage>> ChangesAsync(SegmentName[] segments, string[] attributes, Wire.FeedPosition since)
    {
        await using var snapshot = await OpenAsync(segments, attributes);
        var position = new FeedPosition(since.ChangeNumber, since.SegmentVersions);
        Assert.That(snapshot.CheckPosition(position), Is.Null);
        return await snapshot.ReadChangesAsync(position, CancellationToken.None).ToListAsync();
    }

    public async Task<MembershipSnapshot> OpenAsync(SegmentName[] segments, string[] attributes)
    {
        var violations = new Violations();
        var request = MembershipRequest.Parse($"environments/{Environment}", [.. segments.Select(s => s.ToString())], attributes, violations);
        return (await MembershipSnapshot.OpenAsync(Database, request, violations, default)).Value;
    }

    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> Chunks(string file)
    {
        foreach (var chunk in Encoding.UTF8.GetBytes(file).Chunk(1000))
        {
            await Task.Yield();
            yield return chunk;
        }
    }
}
