using System.Text;
using CustomerInsights.Destinations.Mapping;
using CustomerInsights.Destinations.Remembering;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>Sends what is due by requests, some of them in flight, a page at a time.</summary>
internal sealed class SendDueRows(AudienceWork work, DueSettlement settlement, DeliveryTools tools)
{
    private readonly PayloadBuffer _payload = new();
    private readonly BatchSender _sender = new(work.Run, work.Counts.Meter, tools.Time, tools.Loggers.CreateLogger<BatchSender>());

    /// <summary>Works until nothing is due or the run is halted.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var limits = work.Run.Session.Limits;
        var atOnce = limits.RowsPerRequest * limits.RequestsInFlight;
        await foreach (var rows in ReadAhead.PagesAsync<DueRow>(
            (last, token) => tools.Due.ReadAsync(work.AudienceId, FileKind.Additions, last?.CustomerId ?? "", atOnce, token), atOnce, cancellationToken))
        {
            await SendAsync(rows, cancellationToken);
            if (work.Run.Halt.IsRequested)
            {
                return;
            }
        }
    }

    private async Task SendAsync(IReadOnlyList<DueRow> rows, CancellationToken cancellationToken)
    {
        var fates = new RowFate[rows.Count];
        var places = Write(rows);
        using var group = new WorkGroup(cancellationToken);
        foreach (var part in Enumerable.Range(0, rows.Count).Chunk(work.Run.Session.Limits.RowsPerRequest))
        {
            group.Start(async token =>
            {
                var operations = part.Select(row => new DeliveryOperation(rows[row].Key, _payload.Slice(places[row].Offset, places[row].Length)));
                var settled = await _sender.SendAsync(new DeliveryBatch(DeliveryKind.Upsert, work.Audience.Key, [.. operations]), token);
                settled.CopyTo(fates, part[0]);
            });
        }

        await group.WhenAllAsync();
        if (rows.Count > 0)
        {
            await settlement.RunAsync((transaction, scope) => SettleAsync(transaction, scope, rows, fates), cancellationToken);
        }
    }

    // All of them first: the buffer may move its bytes while it grows.
    private (int Offset, int Length)[] Write(IReadOnlyList<DueRow> rows)
    {
        _payload.Clear();
        var places = new (int Offset, int Length)[rows.Count];
        for (var i = 0; i < rows.Count; i++)
        {
            var offset = _payload.Length;
            _payload.Advance(Encoding.ASCII.GetBytes(rows[i].Key, _payload.GetSpan(rows[i].Key.Length)));
            places[i] = (offset, _payload.Length - offset);
        }

        return places;
    }

    private static async Task<SettledDue> SettleAsync(Transaction transaction, LedgerScope scope, IReadOnlyList<DueRow> rows, RowFate[] fates)
    {
        var settled = rows.Zip(fates).Where(pair => pair.Second.IsSettled).ToList();
        var delivered = settled.Where(pair => pair.Second.Reason is null).Select(pair => pair.First).ToList();
        var refused = settled.Where(pair => pair.Second.Reason is not null).Select(pair => new RefusedRow(pair.First.CustomerId, pair.Second.Reason!)).ToList();
        await DueRows.DeliverAsync(transaction, scope, [.. delivered.Select(row => row.CustomerId)]);
        await DueRows.RefuseAsync(transaction, scope, refused);
        var classes = delivered.GroupBy(row => row.Class).ToDictionary(group => group.Key, group => (long)group.Count());
        if (refused.Count > 0)
        {
            classes[RowClass.Rejected] = refused.Count;
        }

        return new SettledDue(classes, default);
    }
}
