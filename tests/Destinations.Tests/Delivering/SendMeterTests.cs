using System.Diagnostics.Metrics;
using CustomerInsights.Destinations.Contract;
using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Deciding;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Destinations.Delivering;

[Parallelizable(ParallelScope.All)]
public sealed class SendMeterTests
{
    private static readonly DeliveryBatch Batch = new(DeliveryKind.Upsert, "everybody", []);

    // A run whose upload is throttled each time asks for its file each time; that is no progress.
    [Test]
    public void An_answered_question_about_a_file_takes_nothing()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meter = Meter(services);
        meter.Stepped(Answer.Delivered, default);
        Assert.That((meter.HasTaken, meter.Requests), Is.EqualTo((false, 1)));
        meter.Took();
        Assert.That(meter.HasTaken, Is.True);
    }

    [Test]
    public void What_was_taken_once_stays_taken()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meter = Meter(services);
        meter.Sent(Batch, new BatchOutcome(Answer.Throttled), default);
        Assert.That(meter.HasTaken, Is.False);
        meter.Sent(Batch, BatchOutcome.AllDelivered, default);
        meter.Sent(Batch, new BatchOutcome(Answer.Throttled), default);
        Assert.That((meter.HasTaken, meter.Requests), Is.EqualTo((true, 3)));
    }

    private static SendMeter Meter(ServiceProvider services) => new(
        new DeliveryMetrics(services.GetRequiredService<IMeterFactory>(), new ScriptedDestination(new ScriptedVendor(ScriptedWay.Files), TimeProvider.System)), new Chance(new Random(1)));
}
