using System.Data.Common;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Refreshing;

/// <summary>Looks now and then whether a person canceled the refresh through another process, and stops it here.</summary>
internal sealed class CancellationWatch : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _over = new();
    private readonly Task _watching;

    private CancellationWatch(Database database, RefreshName name, CancellationTokenSource stop, TimeProvider time) =>
        _watching = database.Engine is Engine.PostgreSql ? WatchAsync(database, name, stop, time) : Task.CompletedTask;

    /// <summary>Watches until disposed of. On SQLite there is no other process.</summary>
    public static CancellationWatch Begin(Database database, RefreshName name, CancellationTokenSource stop, TimeProvider time) =>
        new(database, name, stop, time);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _watching;
        _over.Dispose();
    }

    private async Task WatchAsync(Database database, RefreshName name, CancellationTokenSource stop, TimeProvider time)
    {
        try
        {
            using var timer = new PeriodicTimer(Interval, time);
            while (await timer.WaitForNextTickAsync(_over.Token))
            {
                if (await IsCanceledAsync(database, name))
                {
                    await stop.CancelAsync();
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            // The refresh is over.
        }
    }

    private async Task<bool> IsCanceledAsync(Database database, RefreshName name)
    {
        try
        {
            var refresh = await database.ReadAsync(session => RefreshStore.FindAsync(session, name), _over.Token);
            return refresh is not { State: RefreshState.Processing };
        }
        catch (DbException outage) when (DatabaseOutage.Is(outage))
        {
            // The refresh itself meets the outage and says so.
            return false;
        }
    }
}
