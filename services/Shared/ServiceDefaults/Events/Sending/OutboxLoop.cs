using CustomerInsights.ServiceDefaults.Resources;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Events.Sending;

/// <summary>Empties the outbox as long as the service runs: woken by each commit, and by a slow poll in case a wake-up was lost.</summary>
internal sealed partial class OutboxLoop(
    DispatchOutbox dispatch, OutboxStore store, EventBus bus, WakeSignal signal, TimeProvider time, ILogger<OutboxLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan UntilReady = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan UntilClaimed = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var freed = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!freed)
                {
                    await store.FreeClaimsAsync(stoppingToken);
                    freed = true;
                }

                await signal.WaitAsync(await RunAsync(stoppingToken), time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // The loop outlives any outage of the database.
                Log.Failed(logger, exception);
                await Task.Delay(AfterFailure, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Publishes what is due; tells how long nothing will be.</summary>
    private async Task<TimeSpan> RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var due = await store.MeasureAsync(cancellationToken);
            if (due is not { } wait || wait > TimeSpan.Zero)
            {
                return due < Poll ? due.Value : Poll;
            }

            if (!bus.IsReady)
            {
                return UntilReady;
            }

            if (!await dispatch.RunOnceAsync(cancellationToken))
            {
                return UntilClaimed;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The outbox cannot be read; trying again")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
