using System.Diagnostics.Metrics;
using System.Text.Json;
using CustomerInsights.Benchmarks.Measuring;
using CustomerInsights.Benchmarks.Reporting;
using CustomerInsights.Destinations;
using CustomerInsights.Workers.MicrosoftAdvertising;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Benchmarks.Exporting;

/// <summary>
/// What a run to Microsoft Advertising does around an Apply call, without the call: writing the request, finding in the answer who was
/// refused, and settling the fate of each row. A peer did this slower and slower the more rows a call had. A call costs something besides
/// its rows, which many rows share, so that rows of larger calls come out quicker altogether; whether the work is linear shows in what a
/// further row costs, and that is compared: each call's time less that of a call with few rows, by the rows that it has more.
/// </summary>
internal sealed class MappingRates(int rounds)
{
    private const int Rows = 50_000;
    private const int Few = 10;
    private const int Small = 100;
    private const int Large = 1_000;
    private const double LeastRatio = 0.8;
    private const double MostRatio = 1.2;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(0.7);
    private static readonly (int Every, string Name)[] Refusals = [(0, "all taken"), (10, "one in ten refused"), (1, "all refused")];

    public async Task<(IReadOnlyList<Rate> Rates, IReadOnlyList<Target> Targets)> RunAsync(CancellationToken cancellationToken)
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var rates = new List<Rate>();
        var targets = new List<Target>();
        foreach (var (every, what) in Refusals)
        {
            var meter = new RateMeter(rounds, Round);
            rates.AddRange(await meter.RunAsync(
                [Contend(meters, Few, every, what), Contend(meters, Small, every, what), Contend(meters, Large, every, what)], cancellationToken));
            var ratio = meter.WithinRounds(of =>
            {
                var (few, small, large) = (Few / of(NameOf(Few, what)).PerSecond, Small / of(NameOf(Small, what)).PerSecond, Large / of(NameOf(Large, what)).PerSecond);
                return (small - few) / (Small - Few) / ((large - few) / (Large - Few));
            });
            var name = $"mapping, further rows/s at {Large:N0} rows a call / at {Small:N0}, {what}";
            targets.AddRange([Target.AtLeast(name, LeastRatio, ratio), Target.AtMost(name, MostRatio, ratio)]);
        }

        return (rates, targets);
    }

    private static Contender Contend(IMeterFactory meters, int rowsPerCall, int refusedEvery, string what)
    {
        var batch = new DeliveryBatch(DeliveryKind.Upsert, "audience", [.. Enumerable.Range(0, rowsPerCall).Select(Operation)]);
        var refused = refusedEvery == 0 ? [] : Enumerable.Range(0, rowsPerCall).Where(row => row % refusedEvery == 0).ToList();
        var sender = new MappingSession(AnswerWith(refused)).Sender(meters);
        return new Contender(NameOf(rowsPerCall, what), 1, 0, async token =>
        {
            for (var call = 0; call < Rows / rowsPerCall; call++)
            {
                var fates = await sender.SendAsync(batch, token);
                if (fates.Count(fate => fate is { IsSettled: true, Reason: not null }) != refused.Count || fates.Any(fate => !fate.IsSettled))
                {
                    throw new InvalidOperationException("The mapping is wrong.");
                }
            }

            return Rows;
        });
    }

    private static string NameOf(int rowsPerCall, string what) => $"mapping {rowsPerCall:N0} rows a call, {what}";

    private static DeliveryOperation Operation(int row)
    {
        var hash = HashedEmail.Of($"person{row}@example.com");
        return new DeliveryOperation(hash, System.Text.Encoding.ASCII.GetBytes(hash));
    }

    // As the vendor documents a partial error.
    private static byte[] AnswerWith(IEnumerable<int> refused) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        PartialErrors = refused.Select(row => new
        {
            Code = 8006, Details = (string?)null, ErrorCode = "InvalidCustomerListItem", FieldPath = (string?)null, ForwardCompatibilityMap = Array.Empty<int>(),
            Index = row, Message = "The item is neither an e-mail address nor a CRM id.", Type = "BatchError",
        }),
    });
}
