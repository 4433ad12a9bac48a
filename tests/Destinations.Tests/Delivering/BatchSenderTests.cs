using System.Buffers;
using System.Diagnostics.Metrics;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Contract;
using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Mapping;
using CustomerInsights.Destinations.Throttling;
using CustomerInsights.ServiceDefaults.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace CustomerInsights.Destinations.Delivering;

[Parallelizable(ParallelScope.All)]
public sealed class BatchSenderTests
{
    private static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    // Two names for one row are one row: as many names as rows do not mean that all were named.
    [Test]
    public async Task A_row_that_is_named_twice_counts_once_by_its_first_reason()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        await using var session = new AnsweringSession(BatchOutcome.AllDelivered with { Rejections = [new(0, "FIRST"), new(0, "SECOND")] });
        using var halt = new RunHalt(Token);
        var run = new RunWork(
            new LeasedJob(new Job("export-run", "run", "connection", ""), 1, 1), 1, new RunAssignment { Run = "run" }, session,
            new AccountThrottle(session.Limits.Rate, TimeProvider.System), halt, new RunProgress("run"));
        var metrics = new DeliveryMetrics(services.GetRequiredService<IMeterFactory>(), new ScriptedDestination(new ScriptedVendor(ScriptedWay.Payloads), TimeProvider.System));
        var sender = new BatchSender(run, new SendMeter(metrics, new Chance(new Random(1))), TimeProvider.System, NullLogger<BatchSender>.Instance);
        var fates = await sender.SendAsync(new DeliveryBatch(DeliveryKind.Upsert, "a", [new("k0", default), new("k1", default)]), Token);
        Assert.That(fates, Is.EqualTo(new[] { new RowFate(true, "FIRST"), new RowFate(true, null) }));
    }

    private sealed class AnsweringSession(BatchOutcome outcome) : IDestinationSession
    {
        public DestinationLimits Limits { get; } = new(2, 1_000, 0, 0, 1, new RateLimit(10, TimeSpan.FromSeconds(1)));

        public IReadOnlyList<string> Attributes => [];

        public IReadOnlyList<Audience> Audiences => [];

        public string Definition => "";

        public MappedMember Map(string audience, Member member, StandingDelivery? standing, IBufferWriter<byte> payload) => MappedMember.As("k", 0, 0);

        public bool MapRemoval(string audience, string key, IBufferWriter<byte> payload) => false;

        public Task<BatchOutcome> DeliverAsync(DeliveryBatch batch, CancellationToken cancellationToken) => Task.FromResult(outcome);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
