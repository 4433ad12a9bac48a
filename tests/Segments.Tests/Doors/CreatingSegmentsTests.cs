using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Google.Rpc;
using Grpc.Core;
using static CustomerInsights.Segments.Tests.Doors.Doors;

namespace CustomerInsights.Segments.Tests.Doors;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.Fixtures)]
public sealed class CreatingSegmentsTests(Engine engine)
{
    private ServiceHarness _harness = null!;
    private Doors _doors = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _harness = await Doors.StartAsync(engine);

    [OneTimeTearDown]
    public async Task StopAsync() => await _harness.DisposeAsync();

    [SetUp]
    public async Task EnterEnvironmentAsync()
    {
        _doors = new Doors(_harness);
        await _doors.DeclareAsync();
    }

    [Test]
    public async Task Repeating_a_creation_gives_the_first_answer()
    {
        var request = new CreateSegmentRequest { Parent = _doors.Environment, SegmentId = "vip", Segment = SpendAtLeast(1), RequestId = Some.Id() };
        var created = await _doors.Segments.CreateSegmentAsync(request);
        Assert.That(await _doors.Segments.CreateSegmentAsync(request), Is.EqualTo(created));
        request.SegmentId = "other";
        Assert.That(Fields(Refused(async () => await _doors.Segments.CreateSegmentAsync(request))), Is.EqualTo(new[] { "request_id" }));
        request.RequestId = "";
        request.SegmentId = "vip";
        Assert.That(Refused(async () => await _doors.Segments.CreateSegmentAsync(request)).StatusCode, Is.EqualTo(StatusCode.AlreadyExists));
    }

    [Test]
    public async Task A_request_id_stands_for_one_request()
    {
        var request = new CreateSegmentRequest { Parent = _doors.Environment, SegmentId = "vip", Segment = SpendAtLeast(1), RequestId = Some.Id() };
        var created = await _doors.Segments.CreateSegmentAsync(request);
        var changed = request.Clone();
        changed.Segment = SpendAtLeast(2);
        Assert.That(Fields(Refused(async () => await _doors.Segments.CreateSegmentAsync(changed))), Is.EqualTo(new[] { "request_id" }));
        await _doors.Segments.DeleteSegmentAsync(new DeleteSegmentRequest { Name = created.Name });
        var anew = await _doors.Segments.CreateSegmentAsync(request);
        Assert.That((anew.Name, anew.Etag == created.Etag), Is.EqualTo((created.Name, false)), "what it made is gone, so it is made anew");
        Assert.That(await _doors.Segments.CreateSegmentAsync(request), Is.EqualTo(anew));
        var taken = new CreateSegmentRequest(request) { RequestId = Some.Id() };
        Assert.That(Refused(async () => await _doors.Segments.CreateSegmentAsync(taken)).StatusCode, Is.EqualTo(StatusCode.AlreadyExists));
        Assert.That(Refused(async () => await _doors.Segments.CreateSegmentAsync(taken)).StatusCode, Is.EqualTo(StatusCode.AlreadyExists), "a refused request made nothing");
    }

    [Test]
    public async Task Equal_creations_at_once_get_one_answer()
    {
        for (var round = 0; round < 5; round++)
        {
            var request = new CreateSegmentRequest { Parent = _doors.Environment, SegmentId = $"vip-{round}", Segment = SpendAtLeast(1), RequestId = Some.Id() };
            var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => _doors.Segments.CreateSegmentAsync(request).ResponseAsync));
            Assert.That(answers.Distinct().ToList(), Has.Count.EqualTo(1));
        }
    }

    [Test]
    public async Task Different_creations_with_one_request_id_at_once_make_one_segment()
    {
        for (var round = 0; round < 5; round++)
        {
            var requestId = Some.Id();
            var made = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => IsMadeAsync($"twin-{round}-{i}", requestId)));
            Assert.That(made.Count(m => m), Is.EqualTo(1));
        }

        async Task<bool> IsMadeAsync(string id, string requestId)
        {
            try
            {
                await _doors.Segments.CreateSegmentAsync(new CreateSegmentRequest { Parent = _doors.Environment, SegmentId = id, Segment = SpendAtLeast(1), RequestId = requestId });
                return true;
            }
            catch (RpcException refused) when (refused.StatusCode is StatusCode.InvalidArgument)
            {
                return false;
            }
        }
    }

    [Test]
    public async Task Creating_an_active_segment_asks_for_its_refresh()
    {
        await _doors.ImportAsync("CustomerId,Spend\nc1,30\n");
        var request = new CreateSegmentRequest { Parent = _doors.Environment, SegmentId = "vip", Segment = SpendAtLeast(1), ValidateOnly = true };
        request.Segment.State = SegmentState.Active;
        await _doors.Segments.CreateSegmentAsync(request);
        request.ValidateOnly = false;
        var created = await _doors.Segments.CreateSegmentAsync(request);
        Assert.That((created.State, created.Version), Is.EqualTo((SegmentState.Active, 0L)));
        var refresh = await _doors.EndOfAsync((await _doors.Segments.ListSegmentRefreshesAsync(new ListSegmentRefreshesRequest { Parent = created.Name })).Refreshes.Single().Name);
        Assert.That((refresh.RequestedBy, refresh.MemberCount), Is.EqualTo(("user:editor", 1L)));
    }

    [Test]
    public async Task Answers_from_before_fingerprints_were_recorded_stay_valid()
    {
        var request = new CreateSegmentRequest { Parent = _doors.Environment, SegmentId = "old", Segment = SpendAtLeast(1), RequestId = Some.Id() };
        var created = await _doors.Segments.CreateSegmentAsync(request);

        // Back to the first version of the schema, with the answer in it, and forward again.
        await _harness.Database.WriteAsync(
            t => t.ExecuteAsync("ALTER TABLE answered_requests DROP COLUMN fingerprint; DELETE FROM migrations WHERE set_name = 'segments' AND number = 2"), default);
        await _harness.Database.MigrateAsync(default);
        Assert.That(await _doors.Segments.CreateSegmentAsync(request), Is.EqualTo(created));
        request.SegmentId = "other";
        Assert.That(Fields(Refused(async () => await _doors.Segments.CreateSegmentAsync(request))), Is.EqualTo(new[] { "request_id" }));
    }

    private static IEnumerable<string> Fields(RpcException refused)
    {
        Assert.That(refused.StatusCode, Is.EqualTo(StatusCode.InvalidArgument), refused.Status.Detail);
        return refused.GetRichStatus()!.Details.Single(d => d.Is(BadRequest.Descriptor)).Unpack<BadRequest>().FieldViolations.Select(v => v.Field);
    }
}
