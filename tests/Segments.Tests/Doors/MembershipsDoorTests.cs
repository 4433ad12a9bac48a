using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit.Hosting;
using Google.Rpc;
using Grpc.Core;
using static CustomerInsights.Segments.Tests.Doors.Doors;

namespace CustomerInsights.Segments.Tests.Doors;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.Fixtures)]
public sealed class MembershipsDoorTests(Engine engine)
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
    public async Task Members_and_changes_stream_with_the_attributes_asked_for()
    {
        await _doors.ImportAsync("CustomerId,Email,Spend\n" + string.Concat(Enumerable.Range(0, 2100).Select(i => $"c{i:D4},e{i},{i}\n")));
        var segment = await _doors.AddSegmentAsync(spend: 100);
        await _doors.RefreshAsync(segment);
        var pages = await _doors.MembersAsync(segment);
        Assert.That(pages.Select(p => p.Members.Count), Is.EqualTo(new[] { 1000, 1000 }));
        Assert.That(pages[0].Members[0], Is.EqualTo(new Member { CustomerId = "c0100", SegmentBits = 1, Values = { new AttributeValue { StringValue = "e100" } } }));
        await _doors.ImportAsync("CustomerId,Email,Spend\nc0100,new,500\nc0101,e101,1\n");
        await _doors.RefreshAsync(segment);
        var changes = await ChangesAsync(new StreamChangesRequest { Parent = _doors.Environment, Segments = { segment }, Attributes = { "email" }, Since = pages[0].Position });
        Assert.That(changes.Single().Members.Single().Values.Single().StringValue, Is.EqualTo("new"));
        Assert.That(changes.Single().RemovedCustomerIds, Is.EqualTo(new[] { "c0101" }));
    }

    [Test]
    public async Task Requests_that_name_unknown_or_foreign_things_are_refused()
    {
        var segment = await _doors.AddSegmentAsync();
        Assert.That(Fields(Refused(() => ReadAsync([]))), Is.EqualTo(new[] { "segments" }));
        Assert.That(
            Fields(Refused(() => ReadAsync([segment, segment, "x", "environments/other/segments/some"]))), Is.EqualTo(new[] { "segments[1]", "segments[2]", "segments[3]" }));
        Assert.That(Fields(Refused(() => ReadAsync([segment], "Email", "Shoe", "Hat"))), Is.EqualTo(new[] { "attributes[1]", "attributes[2]" }));
        Assert.That(Fields(Refused(() => ReadAsync([segment], [.. Enumerable.Repeat("Email", 51)]))), Is.EqualTo(new[] { "attributes" }));
        Assert.That(Refused(() => ReadAsync([segment + "x"])).StatusCode, Is.EqualTo(StatusCode.NotFound));
        Assert.That(Fields(Refused(() => ChangesAsync(new StreamChangesRequest { Parent = _doors.Environment, Segments = { segment } }))), Is.EqualTo(new[] { "since" }));
        Assert.That(
            Fields(Refused(() => ChangesAsync(new StreamChangesRequest { Parent = segment, Segments = { "x" }, Attributes = { Enumerable.Repeat("Email", 51) } }))),
            Is.EqualTo(new[] { "parent", "attributes", "segments[0]", "since" }), "all at once");
        Assert.That(
            Fields(Refused(() => ChangesAsync(new StreamChangesRequest { Parent = _doors.Environment, Segments = { segment, "x" }, Attributes = { "Shoe" } }))),
            Is.EqualTo(new[] { "segments[1]", "since", "attributes[0]" }), "those that only the schema tells, too");
        var expired = Refused(() => ChangesAsync(new StreamChangesRequest { Parent = _doors.Environment, Segments = { segment }, Since = new FeedPosition() }));
        Assert.That((expired.StatusCode, expired.GetReason()), Is.EqualTo((StatusCode.OutOfRange, "CHANGE_FEED_EXPIRED")));
    }

    [Test]
    public async Task Workers_may_read_and_other_services_and_strangers_may_not()
    {
        var segment = await _doors.AddSegmentAsync();
        var request = new StreamMembersRequest { Parent = _doors.Environment, Segments = { segment } };
        using var call = _harness.ClientOf<MembershipService.MembershipServiceClient>("service:worker-braze").StreamMembers(request);
        Assert.That(await call.ResponseStream.ReadAllAsync().ToListAsync(), Has.Count.EqualTo(1));
        foreach (var principal in new[] { "service:exports", "user:stranger" })
        {
            using var refused = _harness.ClientOf<MembershipService.MembershipServiceClient>(principal).StreamMembers(request);
            Assert.That(Refused(async () => await refused.ResponseStream.MoveNext(default)).StatusCode, Is.EqualTo(StatusCode.PermissionDenied));
        }
    }

    [Test]
    public async Task A_reader_that_goes_away_leaves_the_service_well()
    {
        await _doors.ImportAsync("CustomerId,Email,Spend\n" + string.Concat(Enumerable.Range(0, 30_000).Select(i => $"c{i:D5},{new string('e', 500)},50\n")));
        var segment = await _doors.AddSegmentAsync();
        await _doors.RefreshAsync(segment);
        for (var i = 0; i < 5; i++)
        {
            using var leave = new CancellationTokenSource();
            using var call = _doors.Memberships.StreamMembers(
                new StreamMembersRequest { Parent = _doors.Environment, Segments = { segment }, Attributes = { "Email" } }, cancellationToken: leave.Token);
            await call.ResponseStream.MoveNext(default);
            await leave.CancelAsync();
        }

        Assert.That((await _doors.MembersAsync(segment)).Sum(p => p.Members.Count), Is.EqualTo(30_000));
    }

    [TestCase("c\0")]
    [TestCase(" ")]
    public async Task A_start_that_is_no_customer_id_is_refused(string startAfter)
    {
        var segment = await _doors.AddSegmentAsync();
        Assert.That(Fields(Refused(() => StartAsync(startAfter))), Is.EqualTo(new[] { "start_after" }));
        Assert.That(Fields(Refused(() => StartAsync(new string('c', 201)))), Is.EqualTo(new[] { "start_after" }));
        await StartAsync(new string('c', 200));

        async Task StartAsync(string after)
        {
            using var call = _doors.Memberships.StreamMembers(new StreamMembersRequest { Parent = _doors.Environment, Segments = { segment }, StartAfter = after });
            await call.ResponseStream.ReadAllAsync().ToListAsync();
        }
    }

    private async Task<List<MembershipPage>> ChangesAsync(StreamChangesRequest request)
    {
        using var call = _doors.Memberships.StreamChanges(request);
        return await call.ResponseStream.ReadAllAsync().ToListAsync();
    }

    private async Task ReadAsync(string[] segments, params string[] attributes)
    {
        using var call = _doors.Memberships.StreamMembers(
            new StreamMembersRequest { Parent = _doors.Environment, Segments = { segments }, Attributes = { attributes } });
        await call.ResponseStream.ReadAllAsync().ToListAsync();
    }

    private static IEnumerable<string> Fields(RpcException refused)
    {
        Assert.That(refused.StatusCode, Is.EqualTo(StatusCode.InvalidArgument), refused.Status.Detail);
        return refused.GetRichStatus()!.Details.Single(d => d.Is(BadRequest.Descriptor)).Unpack<BadRequest>().FieldViolations.Select(v => v.Field);
    }
}
