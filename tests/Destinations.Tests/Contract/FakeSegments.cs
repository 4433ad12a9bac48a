using System.Text;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using Grpc.Core;

namespace CustomerInsights.Destinations.Contract;

/// <summary>Stands in for Segments: members of one or two segments, and a change feed.</summary>
public sealed class FakeSegments : MembershipService.MembershipServiceBase
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, (IReadOnlyDictionary<string, AttributeValue> Profile, ulong Bits)> _members = new(ByteOrder.Instance);
    private readonly Dictionary<string, long> _changed = [];
    private long _change = 1;
    private long _floor;

    public static string Environment => "environments/contoso";

    public static IReadOnlyList<string> Names { get; } = [$"{Environment}/segments/first", $"{Environment}/segments/second"];

    /// <summary>Members of one message.</summary>
    public int PageSize { get; set; } = 7;

    /// <summary>Called before each message with its number; a test may wait, or throw what a broken call throws.</summary>
    public Func<int, CancellationToken, Task> BeforePage { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>How often members, and how often changes, were asked for.</summary>
    public (int Members, int Changes) Streams { get; private set; }

    /// <summary>Refuses every stream.</summary>
    public RpcException? Refusal { get; set; }

    /// <summary>Puts a customer in, or replaces it.</summary>
    /// <param name="bits">Which segments hold it.</param>
    public void Put(string customerId, IReadOnlyDictionary<string, AttributeValue> profile, ulong bits = 1)
    {
        lock (_gate)
        {
            _members[customerId] = (profile, bits);
            _changed[customerId] = ++_change;
        }
    }

    public void Remove(string customerId)
    {
        lock (_gate)
        {
            _members.Remove(customerId);
            _changed[customerId] = ++_change;
        }
    }

    /// <summary>The feed reaches back no further than now.</summary>
    public void ExpireFeed()
    {
        lock (_gate)
        {
            _floor = ++_change;
        }
    }

    public override async Task StreamMembers(StreamMembersRequest request, IServerStreamWriter<MembershipPage> responseStream, ServerCallContext context)
    {
        List<Member> members;
        FeedPosition position;
        lock (_gate)
        {
            Streams = Streams with { Members = Streams.Members + 1 };
            members = [.. _members.Where(m => ByteOrder.Instance.Compare(m.Key, request.StartAfter) > 0).Select(m => Write(m.Key, request.Attributes))];
            position = Position(request.Segments);
        }

        await SendAsync(position, Pages(members, []), responseStream, context);
    }

    public override async Task StreamChanges(StreamChangesRequest request, IServerStreamWriter<MembershipPage> responseStream, ServerCallContext context)
    {
        List<Member> members;
        List<string> removed;
        FeedPosition position;
        lock (_gate)
        {
            Streams = Streams with { Changes = Streams.Changes + 1 };
            if (request.Since.ChangeNumber < _floor)
            {
                throw new Refusal(RefusalKind.OutOfRange, "The change feed does not reach back that far.") { Reason = "CHANGE_FEED_EXPIRED" }.ToRpcException();
            }

            var changed = _changed.Where(c => c.Value > request.Since.ChangeNumber).Select(c => c.Key).Order(ByteOrder.Instance).ToList();
            members = [.. changed.Where(_members.ContainsKey).Select(id => Write(id, request.Attributes))];
            removed = [.. changed.Where(id => !_members.ContainsKey(id))];
            position = Position(request.Segments);
        }

        await SendAsync(position, Pages(members, removed), responseStream, context);
    }

    private async Task SendAsync(FeedPosition position, IEnumerable<MembershipPage> pages, IServerStreamWriter<MembershipPage> responses, ServerCallContext context)
    {
        if (Refusal is { } refusal)
        {
            throw refusal;
        }

        var number = 0;
        foreach (var page in pages)
        {
            await BeforePage(number, context.CancellationToken);
            if (number++ == 0)
            {
                page.Position = position;
                page.MemberCounts.Add(position.SegmentVersions.Keys.ToDictionary(name => name, name => _members.LongCount(m => (m.Value.Bits & Bit(position, name)) != 0)));
            }

            await responses.WriteAsync(page, context.CancellationToken);
        }
    }

    private IEnumerable<MembershipPage> Pages(List<Member> members, List<string> removed)
    {
        yield return new MembershipPage { Members = { members.Take(PageSize) } };
        foreach (var chunk in members.Skip(PageSize).Chunk(PageSize))
        {
            yield return new MembershipPage { Members = { chunk } };
        }

        foreach (var chunk in removed.Chunk(PageSize))
        {
            yield return new MembershipPage { RemovedCustomerIds = { chunk } };
        }
    }

    private Member Write(string customerId, IEnumerable<string> attributes)
    {
        var (profile, bits) = _members[customerId];
        return new Member { CustomerId = customerId, SegmentBits = bits, Values = { attributes.Select(name => profile[name]) } };
    }

    private FeedPosition Position(IEnumerable<string> segments)
    {
        var position = new FeedPosition { ChangeNumber = _change };
        position.SegmentVersions.Add(segments.ToDictionary(name => name, _ => _change));
        return position;
    }

    private static ulong Bit(FeedPosition position, string name) => 1UL << position.SegmentVersions.Keys.Order(StringComparer.Ordinal).ToList().IndexOf(name);

    private sealed class ByteOrder : IComparer<string>
    {
        public static readonly ByteOrder Instance = new();

        public int Compare(string? x, string? y) => Encoding.UTF8.GetBytes(x!).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y!));
    }
}
