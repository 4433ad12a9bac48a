using System.Net;
using CustomerInsights.Rpc.Calling;
using Grpc.Net.Client;

namespace CustomerInsights.Rpc.Balancing;

/// <summary>The servers behind a name. They are looked up by the calls that come, never by a timer.</summary>
internal sealed class ResolvedAddresses(DnsEndPoint name, GrpcChannelOptions options, Backoff reconnecting)
{
    private readonly Lock _gate = new();
    private volatile ServerAddress[] _servers = [];
    private Task _resolving = Task.CompletedTask;
    private Exception? _failure;
    private long _resolvedAt;
    private uint _turn;

    /// <summary>The servers known now; waits only when there are none.</summary>
    /// <exception cref="HttpRequestException">The name can't be resolved.</exception>
    public async ValueTask<ServerAddress[]> GetAsync(CancellationToken cancellationToken)
    {
        if (_servers is { Length: > 0 } servers)
        {
            RefreshAfter(options.DnsRefreshInterval);
            return servers;
        }

        // Not ended by the call that happens to need it first; others wait for the same.
        await ResolveOnce(CancellationToken.None).WaitAsync(cancellationToken).ConfigureAwait(false);
        return _servers is { Length: > 0 } found ? found : throw new HttpRequestException(
            HttpRequestError.NameResolutionError, $"There is no address for {name.Host}.", _failure);
    }

    /// <summary>The server whose turn it is. When all are set aside, the one that has been for longest, so that a return is noticed early.</summary>
    public ServerAddress Next(ServerAddress[] servers)
    {
        var turn = Interlocked.Increment(ref _turn);
        var next = servers[turn % servers.Length];
        for (var i = 1; i < servers.Length && next.Remaining > TimeSpan.Zero; i++)
        {
            var other = servers[(turn + i) % servers.Length];
            next = other.Remaining < next.Remaining ? other : next;
        }

        return next;
    }

    /// <summary>Sets aside a server that doesn't take connections; perhaps the name stands for others now.</summary>
    public void SetAside(ServerAddress server)
    {
        server.SetAside(reconnecting, options.Chance());
        RefreshAfter(options.DnsFailureInterval);
    }

    private void RefreshAfter(TimeSpan age)
    {
        if (options.Time.GetElapsedTime(Volatile.Read(ref _resolvedAt)) >= age)
        {
            _ = ResolveOnce(CancellationToken.None);
        }
    }

    private Task ResolveOnce(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _resolving.IsCompleted ? _resolving = ResolveAsync(cancellationToken) : _resolving;
        }
    }

    /// <summary>A name that can't be resolved any more keeps its addresses.</summary>
    private async Task ResolveAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            var known = _servers;
            var found = await options.ResolveAsync(name, cancellationToken).ConfigureAwait(false);
            if (found.Count > 0)
            {
                _servers = [.. found.Distinct().Select(endPoint =>
                    known.FirstOrDefault(server => server.EndPoint.Equals(endPoint)) ?? new ServerAddress(endPoint, options.Time))];
            }
        }
        catch (Exception exception)
        {
            _failure = exception;
        }
        finally
        {
            Volatile.Write(ref _resolvedAt, options.Time.GetTimestamp());
        }
    }
}
