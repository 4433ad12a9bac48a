using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CustomerInsights.ServiceDefaults.Events;

/// <summary>Deletes events from outbox, inbox and dead letters when their retention is over.</summary>
internal sealed partial class CleanUpEvents(Database database, IOptions<EventOptions> options, TimeProvider time, ILogger<CleanUpEvents> logger) : BackgroundService
{
    private const int BatchSize = 1000;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(Interval, time, stoppingToken);
                await RunOnceAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                Log.Failed(logger, exception);
            }
        }
    }

    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await DeleteAsync("outbox", "published_at", now - options.Value.OutboxRetention, cancellationToken);
        await DeleteAsync("inbox", "received_at", now - options.Value.InboxRetention, cancellationToken);
        await DeleteAsync("dead_letters", "received_at", now - options.Value.InboxRetention, cancellationToken);
    }

    // A batch at a time, so that other writers get their turn. Every row has a physical address in both engines.
    private async Task DeleteAsync(string table, string column, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var address = database.Engine == Engine.Sqlite ? "rowid" : "ctid";
        var sql = $"DELETE FROM {table} WHERE {address} IN (SELECT {address} FROM {table} WHERE {column} < @before LIMIT {BatchSize})";
        int deleted;
        do
        {
            deleted = await database.WriteAsync(transaction => transaction.ExecuteAsync(sql, new { before = before.ToMicroseconds() }), cancellationToken);
        }
        while (deleted == BatchSize);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Old events could not be deleted; trying again later")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
