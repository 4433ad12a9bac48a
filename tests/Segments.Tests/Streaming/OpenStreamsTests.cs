using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Grpc.Core;

namespace CustomerInsights.Segments.Tests.Streaming;

[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.Fixtures)]
public sealed class OpenStreamsTests(Engine engine)
{
    [Test]
    public async Task Streams_are_bounded_and_one_that_nobody_reads_ends()
    {
        var settings = new Dictionary<string, string?> { ["Segments:MaxStreams"] = "2", ["Segments:StreamPatience"] = "00:00:02" };
        await using var harness = await ServiceHarness.StartAsync(new SegmentsApp(), new HarnessOptions { Engine = engine, Settings = settings });
        var doors = new Doors.Doors(harness);
        await doors.DeclareAsync();

        // Far more than what lies in buffers on the way to a reader.
        await doors.ImportAsync("CustomerId,Email,Spend\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"c{i:D5},{new string('e', 2000)},50\n")));
        var segment = await doors.AddSegmentAsync();
        await doors.RefreshAsync(segment);
        using var first = Open(doors, segment);
        using var second = Open(doors, segment);
        Assert.That(await first.ResponseStream.MoveNext(default) && await second.ResponseStream.MoveNext(default));

        using var third = Open(doors, segment);
        var refused = Doors.Doors.Refused(() => third.ResponseStream.MoveNext(default));
        Assert.That((refused.StatusCode, refused.GetReason()), Is.EqualTo((StatusCode.ResourceExhausted, "TOO_MANY_STREAMS")));

        await Eventually.TrueAsync(() => AreBothFreeAsync(doors, segment), "the places of those who read nothing become free");
        Assert.That(Doors.Doors.Refused(async () => await first.ResponseStream.ReadAllAsync().ToListAsync()).StatusCode, Is.EqualTo(StatusCode.Internal), "a reset");
    }

    private static AsyncServerStreamingCall<MembershipPage> Open(Doors.Doors doors, string segment) =>
        doors.Memberships.StreamMembers(new StreamMembersRequest { Parent = doors.Environment, Segments = { segment }, Attributes = { "Email" } });

    private static async Task<bool> AreBothFreeAsync(Doors.Doors doors, string segment)
    {
        using var one = Open(doors, segment);
        using var another = Open(doors, segment);
        try
        {
            return await one.ResponseStream.MoveNext(default) && await another.ResponseStream.MoveNext(default);
        }
        catch (RpcException refused) when (refused.StatusCode is StatusCode.ResourceExhausted)
        {
            return false;
        }
    }
}
