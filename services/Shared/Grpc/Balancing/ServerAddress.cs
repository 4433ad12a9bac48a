using System.Collections.Concurrent;
using System.Net;
using CustomerInsights.Rpc.Calling;

namespace CustomerInsights.Rpc.Balancing;

/// <summary>One of the servers behind a name. While it can't be reached, the others are asked instead.</summary>
internal sealed class ServerAddress(IPEndPoint endPoint, TimeProvider time)
{
    private readonly ConcurrentDictionary<Uri, Uri> _methods = new();
    private volatile Aside? _aside;

    public IPEndPoint EndPoint => endPoint;

    /// <summary>How long it is still set aside.</summary>
    public TimeSpan Remaining => _aside is { } aside && aside.For - time.GetElapsedTime(aside.Since) is var remaining && remaining > TimeSpan.Zero
        ? remaining
        : TimeSpan.Zero;

    /// <summary>The address of a method at this server.</summary>
    public Uri Of(Uri method) => _methods.GetOrAdd(
        method, static (uri, at) => new UriBuilder(uri) { Host = at.Address.ToString(), Port = at.Port }.Uri, endPoint);

    public void NoteReached() => _aside = null;

    public void SetAside(Backoff backoff, double chance)
    {
        // Many calls that fail together are one failure.
        if (Remaining == TimeSpan.Zero)
        {
            var failures = (_aside?.Failures ?? 0) + 1;
            _aside = new Aside(failures, time.GetTimestamp(), backoff.After(failures, chance));
        }
    }

    private sealed record Aside(int Failures, long Since, TimeSpan For);
}
