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
/// refused, and settling the fate of each row. A peer did this slower and slower the more rows a call had.
/// </summary>
internal sealed class MappingRates(int rounds)
{
    private const int Rows = 50_000;
    private const int RefusedEvery = 10;
    private const double LeastRatio = 0.8;
    private const double MostRatio = 1.2;
    private const string Ratio = "1,000 rows a call / 100 rows a call: mapping rows/s";
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);

    public async Task<(IReadOnlyList<Rate> Rates, IReadOnlyList<Target> Targets)> RunAsync(CancellationToken cancellationToken)
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var rates = await new RateMeter(rounds, Round).RunAsync(
            [Contend(meters, 100, refusedEvery: 0), Contend(meters, 1_000, refusedEvery: 0), Contend(meters, 100, RefusedEvery), Contend(meters, 1_000, RefusedEvery)],
            cancellationToken);
        return (rates, [.. TargetsOf(rates[1], rates[0], "all taken"), .. TargetsOf(rates[3], rates[2], "one in ten refused")]);
    }

    private static Target[] TargetsOf(Rate large, Rate small, string what)
    {
        var ratio = large.PerSecond / small.PerSecond;
        return [Target.AtLeast($"{Ratio}, {what}", LeastRatio, ratio), Target.AtMost($"{Ratio}, {what}", MostRatio, ratio)];
    }

    private static Contender Contend(IMeterFactory meters, int rowsPerCall, int refusedEvery)
    {
        var batch = new DeliveryBatch(DeliveryKind.Upsert, "audience", [.. Enumerable.Range(0, rowsPerCall).Select(Operation)]);
        var refused = refusedEvery == 0 ? [] : Enumerable.Range(0, rowsPerCall).Where(row => row % refusedEvery == 0).ToList();
        var sender = new MappingSession(AnswerWith(refused)).Sender(meters);
        return new Contender($"mapping {rowsPerCall:N0} rows a call, {(refusedEvery == 0 ? "all taken" : "one in ten refused")}", 1, 0, async token =>
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
