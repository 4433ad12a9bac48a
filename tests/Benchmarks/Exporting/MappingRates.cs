using System.Text.Json;
using CustomerInsights.Benchmarks.Measuring;
using CustomerInsights.Benchmarks.Reporting;
using CustomerInsights.Destinations;
using CustomerInsights.ServiceDefaults.Outbound;
using CustomerInsights.Workers.MicrosoftAdvertising;

namespace CustomerInsights.Benchmarks.Exporting;

/// <summary>
/// What the worker for Microsoft Advertising does around an Apply call, without the call: writing the request, and finding in the answer
/// which rows were refused. A peer did this slower and slower the more rows a call had.
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
        var meter = new RateMeter(rounds, Round);
        var rates = await meter.RunAsync([Contend(100, refusedEvery: 0), Contend(1_000, refusedEvery: 0), Contend(100, RefusedEvery), Contend(1_000, RefusedEvery)], cancellationToken);
        return (rates, [.. TargetsOf(rates[1], rates[0], "all taken"), .. TargetsOf(rates[3], rates[2], "one in ten refused")]);
    }

    private static Target[] TargetsOf(Rate large, Rate small, string what)
    {
        var ratio = large.PerSecond / small.PerSecond;
        return [Target.AtLeast($"{Ratio}, {what}", LeastRatio, ratio), Target.AtMost($"{Ratio}, {what}", MostRatio, ratio)];
    }

    private static Contender Contend(int rowsPerCall, int refusedEvery)
    {
        var batch = new DeliveryBatch(DeliveryKind.Upsert, "audience", [.. Enumerable.Range(0, rowsPerCall).Select(Operation)]);
        var refused = refusedEvery == 0 ? [] : Enumerable.Range(0, rowsPerCall).Where(row => row % refusedEvery == 0).ToList();
        var answer = AnswerWith(refused);
        return new Contender($"mapping {rowsPerCall:N0} rows a call, {(refusedEvery == 0 ? "all taken" : "one in ten refused")}", 1, 0, async token =>
        {
            for (var call = 0; call < Rows / rowsPerCall; call++)
            {
                using var content = new ByteArrayContent(answer);
                var written = MicrosoftAdvertisingWire.Apply("819689004", batch);
                var body = await ForeignAnswer.ReadJsonAsync(content, MicrosoftAdvertisingLimits.AnswerBytes, token);
                var outcome = MicrosoftAdvertisingOutcomes.OfItems(body!.Value, rowsPerCall, default);
                if (written.Length < batch.PayloadBytes || outcome.Rejections.Count != refused.Count)
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
