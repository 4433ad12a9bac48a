using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace CustomerInsights.Rpc.Tests.Soak;

/// <summary>Counts the calls that are open at the server, around everything that belongs to them, and their connections.</summary>
internal sealed class OpenCalls : IStartupFilter
{
    private readonly ConcurrentDictionary<string, bool> _connections = new();
    private int _count;

    public int Count => _count;

    /// <summary>How many connections calls came on since this was last asked.</summary>
    public int TakeConnections()
    {
        var count = _connections.Count;
        _connections.Clear();
        return count;
    }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => application =>
    {
        application.Use(async (http, serve) =>
        {
            _connections.TryAdd(http.Connection.Id, true);
            Interlocked.Increment(ref _count);
            try
            {
                await serve(http);
            }
            finally
            {
                Interlocked.Decrement(ref _count);
            }
        });
        next(application);
    };
}
