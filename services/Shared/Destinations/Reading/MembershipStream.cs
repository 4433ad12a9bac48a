using System.Runtime.CompilerServices;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Delivering;
using CustomerInsights.ServiceDefaults.Resources;
using Grpc.Core;

namespace CustomerInsights.Destinations.Reading;

/// <summary>A stream of members of which the first message has arrived: its position is known.</summary>
internal sealed class MembershipStream : IAsyncDisposable
{
    private readonly AsyncServerStreamingCall<MembershipPage> _call;
    private readonly MembershipPage _first;

    private MembershipStream(AsyncServerStreamingCall<MembershipPage> call, MembershipPage first) => (_call, _first) = (call, first);

    /// <summary>Where the snapshot stands.</summary>
    public FeedPosition Position => _first.Position;

    /// <summary>Members of each segment in the snapshot.</summary>
    public IReadOnlyDictionary<string, long> MemberCounts => _first.MemberCounts.AsReadOnly();

    /// <summary>All members of an audience, after a customer id.</summary>
    public static Task<MembershipStream> OpenAllAsync(
        MembershipService.MembershipServiceClient client, AudienceWork work, string startAfter, CancellationToken cancellationToken)
    {
        var request = new StreamMembersRequest
        {
            Parent = Parent(work),
            Segments = { work.Audience.Segments },
            Attributes = { work.Run.Session.Attributes },
            StartAfter = startAfter,
        };
        return OpenAsync(client.StreamMembers(request, cancellationToken: cancellationToken), cancellationToken);
    }

    /// <summary>What changed after a position; null when the feed does not reach back that far.</summary>
    public static async Task<MembershipStream?> OpenChangesAsync(
        MembershipService.MembershipServiceClient client, AudienceWork work, FeedPosition since, CancellationToken cancellationToken)
    {
        var request = new StreamChangesRequest
        {
            Parent = Parent(work),
            Segments = { work.Audience.Segments },
            Attributes = { work.Run.Session.Attributes },
            Since = since,
        };
        try
        {
            return await OpenAsync(client.StreamChanges(request, cancellationToken: cancellationToken), cancellationToken);
        }
        catch (RpcException expired) when (expired.StatusCode == StatusCode.OutOfRange)
        {
            return null;
        }
    }

    /// <summary>The messages, the first among them.</summary>
    public async IAsyncEnumerable<MembershipPage> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return _first;
        while (await MoveNextAsync(cancellationToken))
        {
            yield return _call.ResponseStream.Current;
        }
    }

    public ValueTask DisposeAsync()
    {
        _call.Dispose();
        return ValueTask.CompletedTask;
    }

    // A call that its own side gave up ends with a status, like one that failed.
    private async Task<bool> MoveNextAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _call.ResponseStream.MoveNext(cancellationToken);
        }
        catch (RpcException cancelled) when (cancelled.StatusCode == StatusCode.Cancelled && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The reading was given up.", cancelled, cancellationToken);
        }
    }

    private static async Task<MembershipStream> OpenAsync(AsyncServerStreamingCall<MembershipPage> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call.ResponseStream.MoveNext(cancellationToken) && call.ResponseStream.Current.Position is not null
                ? new MembershipStream(call, call.ResponseStream.Current)
                : throw new InvalidOperationException("The membership stream ended before it told its position.");
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    private static string Parent(AudienceWork work) => $"environments/{ResourceName.EnvironmentOf(work.Run.Run)}";
}
