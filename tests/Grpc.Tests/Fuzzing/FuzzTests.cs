using Grpc.Core;

namespace CustomerInsights.Rpc.Tests.Fuzzing;

/// <summary>Mutated inputs against each parser: no exception but RpcException, no hang, nothing allocated beyond a multiple of the input.</summary>
[NonParallelizable]
internal sealed class FuzzTests
{
    private const int Seed = 20261125;

    /// <summary>Bytes for an input of no bytes; a stream and its inflater are most of it.</summary>
    private const int AllocatedAtMost = 150_000;

    /// <summary>Bytes per byte of input; worst are compressed messages of nothing, each with an inflater of its own.</summary>
    private const int AllocatedPerByte = 2_500;

    private static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(30);

    [TestCaseSource(typeof(FuzzTarget), nameof(FuzzTarget.All))]
    public async Task A_parser_survives(FuzzTarget target)
    {
        var time = LongForm.Fuzzing / FuzzTarget.All().Count();
        byte[] current = [];
        var fuzzing = Task.Run(() => Fuzz(target, time, input => current = input));

        if (await Task.WhenAny(fuzzing, Task.Delay(time + LongestRun)) != fuzzing)
        {
            Assert.Fail($"It hangs with {Convert.ToHexString(current)}");
        }

        var totals = await fuzzing;
        Measured.Say(
            $"fuzz {target}: {totals.Runs} executions, {totals.Runs / time.TotalSeconds:0} per second, {totals.Refusals} refused; worst execution {totals.Slowest.TotalMilliseconds:0} ms, {totals.Allocated} bytes allocated for {totals.AllocatedFor} bytes of input");
        Assert.That(totals.Refusals, Is.LessThan(totals.Runs), "some mutants are still valid");
    }

    private static Totals Fuzz(FuzzTarget target, TimeSpan duration, Action<byte[]> announce)
    {
        var mutator = new Mutator(target.Corpus, Seed);
        var time = TimeProvider.System;
        var totals = new Totals();
        for (var start = time.GetTimestamp(); time.GetElapsedTime(start) < duration;)
        {
            var input = mutator.Next();
            announce(input);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var begin = time.GetTimestamp();
            totals.Count(Run(target, input), time.GetElapsedTime(begin), GC.GetAllocatedBytesForCurrentThread() - before, input.Length);
            if (totals.LastAllocated > AllocatedAtMost + ((long)AllocatedPerByte * input.Length))
            {
                throw new AssertionException($"{totals.LastAllocated} bytes allocated for {Convert.ToHexString(input)}");
            }
        }

        return totals;
    }

    private static bool Run(FuzzTarget target, byte[] input)
    {
        try
        {
            target.Run(input);
            return true;
        }
        catch (RpcException)
        {
            return false;
        }
        catch (Exception exception)
        {
            throw new AssertionException($"{exception.GetType().Name} with {Convert.ToHexString(input)}: {exception}");
        }
    }

    private sealed class Totals
    {
        public long Runs { get; private set; }

        public long Refusals { get; private set; }

        public TimeSpan Slowest { get; private set; }

        public long Allocated { get; private set; }

        public int AllocatedFor { get; private set; }

        public long LastAllocated { get; private set; }

        public void Count(bool isAccepted, TimeSpan time, long allocated, int length)
        {
            Runs++;
            Refusals += isAccepted ? 0 : 1;
            Slowest = time > Slowest ? time : Slowest;
            LastAllocated = allocated;
            if (allocated > Allocated)
            {
                (Allocated, AllocatedFor) = (allocated, length);
            }
        }
    }
}
