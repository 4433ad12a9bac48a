using System.Diagnostics;
using System.Text;
using System.Text.Json;
using CustomerInsights.Destinations;
using CustomerInsights.ServiceDefaults.Outbound;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>Lessons 2.3: a peer took the longer for a row the more rows its call had.</summary>
[NonParallelizable]
public sealed class MappingCostTests
{
    private const int Rows = 50_000;

    private static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    [TestCase(0)]
    [TestCase(10)]
    [TestCase(1)]
    public async Task A_row_takes_as_much_memory_in_a_large_call_as_in_a_small_one(int refusedEvery)
    {
        await MapAsync(100, refusedEvery);
        var (small, large) = ((await MapAsync(100, refusedEvery)).Bytes, (await MapAsync(1_000, refusedEvery)).Bytes);
        await TestContext.Out.WriteLineAsync($"measured: {small / Rows} bytes a row at 100 rows a call, {large / Rows} at 1,000");
        Assert.That((double)large / small, Is.LessThan(1.2));
    }

    // Others use the machine, too: far from the ten times of a cost that grows with the call.
    [TestCase(0)]
    [TestCase(10)]
    [TestCase(1)]
    public async Task A_row_takes_as_much_time_in_a_large_call_as_in_a_small_one(int refusedEvery)
    {
        var (small, large) = (TimeSpan.MaxValue, TimeSpan.MaxValue);
        for (var i = 0; i < 5; i++)
        {
            (small, large) = (Shorter(small, (await MapAsync(100, refusedEvery)).Time), Shorter(large, (await MapAsync(1_000, refusedEvery)).Time));
        }

        await TestContext.Out.WriteLineAsync($"measured: {Rows / small.TotalSeconds:N0} rows/s at 100 rows a call, {Rows / large.TotalSeconds:N0} at 1,000");
        Assert.That(large / small, Is.LessThan(3));
    }

    // What is done with a call around its sending: written, answered, and found out who was refused.
    private static async Task<(long Bytes, TimeSpan Time)> MapAsync(int rowsPerCall, int refusedEvery)
    {
        var keys = Enumerable.Range(0, rowsPerCall).Select(row => HashedEmail.Of($"person{row}@example.com")).ToList();
        var batch = new DeliveryBatch(DeliveryKind.Upsert, "audience", [.. keys.Select(key => new DeliveryOperation(key, Encoding.ASCII.GetBytes(key)))]);
        var refused = Enumerable.Range(0, rowsPerCall).Where(row => refusedEvery > 0 && row % refusedEvery == 0).ToList();
        var answer = JsonSerializer.SerializeToUtf8Bytes(new { PartialErrors = refused.Select(row => new { Code = 8006, ErrorCode = "InvalidCustomerListItem", Index = row, Message = "no e-mail" }) });
        var (bytes, began) = (GC.GetTotalAllocatedBytes(precise: true), Stopwatch.GetTimestamp());
        for (var call = 0; call < Rows / rowsPerCall; call++)
        {
            using var content = new ByteArrayContent(answer);
            Assert.That(MicrosoftAdvertisingWire.Apply("1", batch), Is.Not.Empty);
            var outcome = await ForeignAnswer.ReadJsonAsync(content, MicrosoftAdvertisingLimits.AnswerBytes, body => MicrosoftAdvertisingOutcomes.OfItems(body!.Value, rowsPerCall, default), Token);
            Assert.That(outcome.Rejections, Has.Count.EqualTo(refused.Count));
        }

        return (GC.GetTotalAllocatedBytes(precise: true) - bytes, Stopwatch.GetElapsedTime(began));
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
