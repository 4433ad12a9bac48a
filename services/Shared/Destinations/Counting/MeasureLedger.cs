using CustomerInsights.Destinations.Remembering;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Destinations.Counting;

/// <summary>
/// Counts the rows of the ledger at the start and every quarter of an hour: a count reads the whole table, which no scrape should wait
/// for. Each replica counts, and all of them count the same.
/// </summary>
internal sealed partial class MeasureLedger(Database database, DeliveryMetrics metrics, TimeProvider time, ILogger<MeasureLedger> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(15);

    /// <summary>Counts once.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken) =>
        metrics.Holds(await database.ReadAsync(LedgerStore.CountByStateAsync, cancellationToken));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Failed(logger, exception);
            }

            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The rows of the ledger could not be counted; trying again later")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
