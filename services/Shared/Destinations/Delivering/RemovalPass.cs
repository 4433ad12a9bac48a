using CustomerInsights.Destinations.Mapping;
using CustomerInsights.Destinations.Remembering;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>
/// Takes former members out, once all additions are confirmed. Nothing is sent for a key that belongs to another delivered
/// row by now, and a key that only a duplicate has waits until that row is delivered.
/// </summary>
internal sealed partial class RemovalPass(AudienceWork work, DeliveryTools tools)
{
    private readonly RemovalScope _scope = new(work.AudienceId, work.Run.RunId);
    private readonly PayloadBuffer _payload = new();
    private readonly ILogger _logger = tools.Loggers.CreateLogger<RemovalPass>();
    private readonly BatchSender _sender = new(work.Run, work.Counts.Meter, tools.Time, tools.Loggers.CreateLogger<BatchSender>());

    /// <summary>Tells how many keys had to wait.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var limits = work.Run.Session.Limits;
        var atOnce = limits.RowsPerRequest * limits.RequestsInFlight;
        var waiting = 0;
        await foreach (var queued in ReadAhead.PagesAsync<QueuedRemoval>(
            (last, token) => tools.Removals.ReadAsync(_scope, last?.Key ?? "", atOnce, token), atOnce, cancellationToken))
        {
            waiting += queued.Count(removal => removal is { IsHeld: false, IsShared: true });
            await SettleAsync(queued, cancellationToken);
            if (work.Run.Halt.IsRequested)
            {
                break;
            }
        }

        return waiting;
    }

    private async Task SettleAsync(IReadOnlyList<QueuedRemoval> queued, CancellationToken cancellationToken)
    {
        var (rows, pointless) = Map(queued);
        using var group = new WorkGroup(cancellationToken);
        foreach (var batch in Compose(rows))
        {
            group.Start(async token => await SendAsync(batch, token));
        }

        await group.WhenAllAsync();
        await RecordAsync(rows, pointless, cancellationToken);
    }

    // Keys that another row holds, or for which the destination wants nothing sent, just leave the queue.
    private (List<Row> Rows, List<string> Pointless) Map(IReadOnlyList<QueuedRemoval> queued)
    {
        var rows = new List<Row>();
        var pointless = queued.Where(removal => removal.IsHeld).Select(removal => removal.Key).ToList();
        _payload.Clear();
        foreach (var removal in queued.Where(removal => removal is { IsHeld: false, IsShared: false }))
        {
            var offset = _payload.Length;
            if (work.Run.Session.MapRemoval(work.Audience.Key, removal.Key, _payload))
            {
                rows.Add(new Row(removal, offset, _payload.Length - offset));
            }
            else
            {
                pointless.Add(removal.Key);
            }
        }

        return (rows, pointless);
    }

    private IEnumerable<IReadOnlyList<Row>> Compose(IEnumerable<Row> rows)
    {
        var composer = new BatchComposer<Row>(work.Run.Session.Limits);
        foreach (var row in rows)
        {
            if (composer.Add(row, row.Length) is { } full)
            {
                yield return full;
            }
        }

        if (composer.Flush() is { } rest)
        {
            yield return rest;
        }
    }

    private async Task SendAsync(IReadOnlyList<Row> rows, CancellationToken cancellationToken)
    {
        var operations = rows.Select(row => new DeliveryOperation(row.Removal.Key, _payload.Slice(row.Offset, row.Length)));
        var fates = await _sender.SendAsync(new DeliveryBatch(DeliveryKind.Removal, work.Audience.Key, [.. operations]), cancellationToken);
        for (var i = 0; i < fates.Length; i++)
        {
            rows[i].Fate = fates[i];
        }
    }

    private async Task RecordAsync(List<Row> rows, List<string> pointless, CancellationToken cancellationToken)
    {
        var taken = rows.Where(row => row.Fate is { IsSettled: true, Reason: null }).Select(row => row.Removal).ToList();
        var refused = rows.Where(row => row.Fate is { IsSettled: true, Reason: not null })
            .Select(row => new RefusedRemoval(row.Removal.Key, row.Removal.CustomerId, row.Fate.Reason!)).ToList();
        foreach (var removal in refused)
        {
            Log.Refused(_logger, work.Run.Run, removal.CustomerId, removal.Reason);
        }

        // Whoever is known under a new key was not taken out, only the old key was.
        var counts = new RemovalCounts(taken.Count(removal => removal.Cause != RemovalCause.KeyChanged), refused.Count, work.Counts.Meter.Requests);
        await tools.Database.WriteAsync(
            work.Run.Job,
            async transaction =>
            {
                await RemovalQueue.DeleteAsync(transaction, work.AudienceId, [.. pointless, .. taken.Select(removal => removal.Key)]);
                await RemovalQueue.KeepAsync(transaction, _scope, refused);
                await RunStore.CountRemovalsAsync(transaction, work.Scope(tools.Time), counts);
            },
            cancellationToken);
        work.Counts.Removed(counts);
    }

    private sealed class Row(QueuedRemoval removal, int offset, int length)
    {
        public QueuedRemoval Removal => removal;

        public int Offset => offset;

        public int Length => length;

        public RowFate Fate { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Run}: the destination refused to take out customer {CustomerId}: {Reason}")]
        public static partial void Refused(ILogger logger, string run, string customerId, string reason);
    }
}
