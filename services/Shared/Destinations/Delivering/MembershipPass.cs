using System.Threading.Channels;
using CustomerInsights.Destinations.Reading;
using CustomerInsights.Destinations.Remembering;
using CustomerInsights.Destinations.Running;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>
/// One reading of members until every one of them is settled: a reader maps and compares, several senders send, one settler
/// writes. What limits the memory are the pages on their way.
/// </summary>
internal sealed class MembershipPass(AudienceWork work, PassPlan plan, DeliveryTools tools)
{
    private const int MaxPagesOnTheirWay = 32;

    private readonly PendingKeys _pending = new();
    private readonly Channel<IReadOnlyList<DeliveryRow>> _ready = Channel.CreateBounded<IReadOnlyList<DeliveryRow>>(work.Run.Session.Limits.RequestsInFlight);
    private readonly BatchSender _sender = new(work.Run, work.Counts.Meter, tools.Time, tools.Loggers.CreateLogger<BatchSender>());

    private long _flights;

    /// <summary>Up to where everything is settled without a gap, once the pass has ended.</summary>
    public Checkpoint? Reached { get; private set; }

    /// <summary>Tells whether everything was read and settled; false when the run was halted.</summary>
    public async Task<bool> RunAsync(IAsyncEnumerable<ReadPage> pages, CancellationToken cancellationToken)
    {
        var settler = new Settler(work, plan, _pending, tools);
        using var settling = new WorkGroup(cancellationToken);
        settling.Start(settler.RunAsync);
        using var sending = new WorkGroup(settling.Token);

        // Not in the group: when the source breaks off, what was read is still sent and settled.
        var reading = ReadToEndAsync(pages, settler, sending.Token);
        for (var i = 0; i < work.Run.Session.Limits.RequestsInFlight; i++)
        {
            sending.Start(token => SendToEndAsync(settler, token));
        }

        try
        {
            await sending.WhenAllAsync();
            await reading;
        }
        finally
        {
            // Whatever it met is on its way already, or not worth more than what is; it must not outlive what it reads from.
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            settler.Complete();
            await settling.WhenAllAsync();
        }

        Reached = settler.Reached;
        return !work.Run.Halt.IsRequested;
    }

    private async Task ReadToEndAsync(IAsyncEnumerable<ReadPage> pages, Settler settler, CancellationToken cancellationToken)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, work.Run.Halt.Token);
        try
        {
            await ReadAsync(pages, settler, reading.Token);
        }
        catch (OperationCanceledException) when (work.Run.Halt.IsRequested && !cancellationToken.IsCancellationRequested)
        {
            // Halted: what is on its way is finished, and nothing more is read.
        }
        catch (RpcException refused) when (refused.IsFinal())
        {
            // Halted likewise: what was delivered so far is counted, and reported with the end.
            work.Run.Halt.Request(RunEnd.Unreadable(refused));
        }
        finally
        {
            _ready.Writer.TryComplete();
        }
    }

    private async Task ReadAsync(IAsyncEnumerable<ReadPage> pages, Settler settler, CancellationToken cancellationToken)
    {
        var prepare = new PreparePage(work, plan, tools.Ledger, _pending);
        var composer = new BatchComposer<DeliveryRow>(work.Run.Session.Limits);
        var number = 0L;
        await foreach (var read in pages.WithCancellation(cancellationToken))
        {
            var page = await RentAsync(composer, cancellationToken);
            page.Begin(number++);
            await prepare.RunAsync(page, read, cancellationToken);

            // The settler hears of the page before any of its rows can land. It may give a page back that has nothing to send.
            var rows = plan.WritesDown ? [] : page.Rows.Where(row => row.Verdict.Need == Need.Send).ToList();
            settler.Add(page);
            foreach (var row in rows)
            {
                await ReadyAsync(composer.Add(row, row.Length), cancellationToken);
            }
        }

        await ReadyAsync(composer.Flush(), cancellationToken);
    }

    private async Task<MemberPage> RentAsync(BatchComposer<DeliveryRow> composer, CancellationToken cancellationToken)
    {
        MemberPage? page;
        while ((page = _pending.TryRent(MaxPagesOnTheirWay)) is null)
        {
            // The pages may be waiting for rows that wait for more rows: send those as they are.
            await ReadyAsync(composer.Flush(), cancellationToken);
            await _pending.WaitForReturnAsync(cancellationToken);
        }

        return page;
    }

    private ValueTask ReadyAsync(IReadOnlyList<DeliveryRow>? rows, CancellationToken cancellationToken) =>
        rows is null ? ValueTask.CompletedTask : _ready.Writer.WriteAsync(rows, cancellationToken);

    private async Task SendToEndAsync(Settler settler, CancellationToken cancellationToken)
    {
        await foreach (var rows in _ready.Reader.ReadAllAsync(cancellationToken))
        {
            if (work.Run.Halt.IsRequested)
            {
                continue;
            }

            var flight = new Flight(new FlightId(work.Run.RunId, work.Run.Job.Epoch, Interlocked.Increment(ref _flights)), rows);
            await settler.TakeOffAsync(flight, cancellationToken);
            var batch = new DeliveryBatch(DeliveryKind.Upsert, work.Audience.Key, [.. rows.Select(row => row.Operation)]);
            var fates = await _sender.SendAsync(batch, cancellationToken);
            await settler.LandAsync(flight, fates, cancellationToken);
        }
    }
}
