using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Rpc.Tests.Soak;

/// <summary>Rounds of many calls at once; between them the process is at rest and shows what it holds.</summary>
[NonParallelizable]
internal sealed class SoakTests
{
    private const int Callers = 32;
    private const int Rounds = 12;

    private readonly ConcurrentBag<Exception> _unobserved = [];
    private readonly ConcurrentBag<Exception> _unexpected = [];
    private readonly ConcurrentDictionary<StatusCode, int> _statuses = new();
    private readonly OpenCalls _openCalls = new();

    [Test, CancelAfter(400_000)]
    public async Task Nothing_breaks_leaks_or_hangs(CancellationToken cancellationToken)
    {
        // What earlier tests left behind is not ours.
        Sample.Take(0, 0);
        TaskScheduler.UnobservedTaskException += OnUnobserved;
        await using var server = await TestServer.StartAsync<InteropService>(services: services => services.AddSingleton<IStartupFilter>(_openCalls));
        var calls = new MixedCalls(server, _unexpected);
        var samples = new List<Sample>();

        // What the first round makes stays: connections, threads, buffers.
        await RunAsync(calls, seed: 0, LongForm.Soaking / Rounds, cancellationToken);
        _ = (_openCalls.TakeConnections(), calls.TakeDrops());
        for (var round = 1; round < Rounds; round++)
        {
            await RunAsync(calls, round * Callers, LongForm.Soaking / Rounds, cancellationToken);
            await Expect.SoonAsync(() => _openCalls.Count == 0, cancellationToken);
            samples.Add(Sample.Take(_openCalls.Count, _openCalls.TakeConnections() - calls.TakeDrops()));
        }

        await new TestService.TestServiceClient(server.Channel).EmptyCallAsync(new Empty(), cancellationToken: cancellationToken);
        await server.StopAsync(cancellationToken);
        TaskScheduler.UnobservedTaskException -= OnUnobserved;

        Measured.Say($"soak of {LongForm.Soaking.TotalSeconds:0} s: {_statuses.Values.Sum()} calls, {string.Join(", ", _statuses.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} {pair.Value}"))}");
        Assert.Multiple(() =>
        {
            AssertFlat("managed heap, bytes", samples, sample => sample.Heap, slack: LongForm.IsOn ? 0 : 3_000_000);
            AssertFlat("threads", samples, sample => sample.Threads, slack: 12);
            AssertFlat("handles", samples, sample => sample.Handles, slack: 8);
            AssertFlat("timers", samples, sample => sample.Timers, slack: 4);
            AssertFlat("connections of the channel", samples, sample => sample.Connections, slack: 2);
            Assert.That(samples.Select(sample => sample.OpenCalls), Is.All.Zero);
            Assert.That(_unexpected, Is.Empty);
            Assert.That(_statuses[StatusCode.OK], Is.Positive);
            Assert.That(_unobserved, Is.Empty);
            Assert.That(server.Errors, Is.Empty);
        });
    }

    /// <param name="slack">What comes and goes by itself; ten percent are granted in any case.</param>
    private static void AssertFlat(string what, List<Sample> samples, Func<Sample, long> value, long slack)
    {
        var third = samples.Count / 3;
        var first = samples.Take(third).Average(value);
        var last = samples.TakeLast(third).Average(value);
        Measured.Say($"soak, {what}: {string.Join(' ', samples.Select(value))}; first third {first:0.#}, last third {last:0.#}");
        Assert.That(last, Is.AtMost(first + Math.Max(first / 10, slack)), what);
    }

    private async Task RunAsync(MixedCalls calls, int seed, TimeSpan duration, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(seed, Callers).Select(caller => Task.Run(
            async () =>
            {
                var random = new Random(caller);
                while (TimeProvider.System.GetElapsedTime(start) < duration)
                {
                    var status = await calls.MakeOneAsync(random, cancellationToken);
                    _statuses.AddOrUpdate(status, 1, (_, count) => count + 1);
                    if (random.Next(100) == 0)
                    {
                        await calls.DropOneConnectionAsync(random, cancellationToken);
                    }
                }
            },
            cancellationToken)));
    }

    private void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs arguments) => _unobserved.Add(arguments.Exception);
}
