using System.Text;
using System.Text.Json;
using CustomerInsights.Destinations;
using CustomerInsights.ServiceDefaults.Outbound;
using CustomerInsights.TestKit;

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
        var (small, large) = (await BytesAsync(new Calls(100, refusedEvery)), await BytesAsync(new Calls(1_000, refusedEvery)));
        await TestContext.Out.WriteLineAsync($"measured: {small / Rows} bytes a row at 100 rows a call, {large / Rows} at 1,000");
        Assert.That((double)large / small, Is.LessThan(1.2));
    }

    // Far from the ten times of a cost that grows with the call.
    [TestCase(0)]
    [TestCase(10)]
    [TestCase(1)]
    public async Task A_row_takes_as_much_time_in_a_large_call_as_in_a_small_one(int refusedEvery)
    {
        var (few, many) = (new Calls(100, refusedEvery), new Calls(1_000, refusedEvery));
        var small = await Quickest.OfAsync(few.MapAsync, enough: TimeSpan.MaxValue);
        var large = await Quickest.OfAsync(many.MapAsync, enough: small * 2.9);
        await TestContext.Out.WriteLineAsync($"measured: {Rows / small.TotalSeconds:N0} rows/s at 100 rows a call, {Rows / large.TotalSeconds:N0} at 1,000");
        Assert.That(large / small, Is.LessThan(3));
    }

    private static async Task<long> BytesAsync(Calls calls)
    {
        await calls.MapAsync();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await calls.MapAsync();
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }

    /// <summary>What is done with calls around their sending: written, answered, and found out who was refused.</summary>
    private sealed class Calls
    {
        private readonly int _rows;
        private readonly DeliveryBatch _batch;
        private readonly int _refused;
        private readonly byte[] _answer;

        public Calls(int rows, int refusedEvery)
        {
            var keys = Enumerable.Range(0, rows).Select(row => HashedEmail.Of($"person{row}@example.com")).ToList();
            var refused = Enumerable.Range(0, rows).Where(row => refusedEvery > 0 && row % refusedEvery == 0).ToList();
            _rows = rows;
            _batch = new DeliveryBatch(DeliveryKind.Upsert, "audience", [.. keys.Select(key => new DeliveryOperation(key, Encoding.ASCII.GetBytes(key)))]);
            _refused = refused.Count;
            _answer = JsonSerializer.SerializeToUtf8Bytes(new { PartialErrors = refused.Select(row => new { Code = 8006, ErrorCode = "InvalidCustomerListItem", Index = row, Message = "no e-mail" }) });
        }

        /// <summary>As many as it takes for all rows.</summary>
        public async Task MapAsync()
        {
            for (var call = 0; call < Rows / _rows; call++)
            {
                using var content = new ByteArrayContent(_answer);
                Assert.That(MicrosoftAdvertisingWire.Apply("1", _batch), Is.Not.Empty);
                var outcome = await ForeignAnswer.ReadJsonAsync(content, MicrosoftAdvertisingLimits.AnswerBytes, body => MicrosoftAdvertisingOutcomes.OfItems(body!.Value, _rows, default), Token);
                Assert.That(outcome.Rejections, Has.Count.EqualTo(_refused));
            }
        }
    }
}
