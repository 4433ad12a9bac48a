using System.Buffers;
using System.Diagnostics.Metrics;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Delivering;
using CustomerInsights.Destinations.Mapping;
using CustomerInsights.Destinations.Throttling;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Outbound;
using CustomerInsights.Workers.MicrosoftAdvertising;
using Microsoft.Extensions.Logging.Abstractions;

namespace CustomerInsights.Benchmarks.Exporting;

/// <summary>A session of Microsoft Advertising whose every Apply call is answered at once, with the same bytes: all but the call itself.</summary>
internal sealed class MappingSession(byte[] answer) : IDestinationSession, IDestination
{
    public DestinationLimits Limits { get; } = new(MicrosoftAdvertisingLimits.ItemsPerRequest, int.MaxValue, 0, 0, 1, new RateLimit(1_000, TimeSpan.FromTicks(1)));

    public IReadOnlyList<string> Attributes => [];

    public IReadOnlyList<Audience> Audiences => [];

    public string Definition => "";

    public string Type => "mapping";

    /// <summary>What sends batches through it as a run does.</summary>
    public BatchSender Sender(IMeterFactory meters)
    {
        var (time, run) = (TimeProvider.System, new RunAssignment { Run = "run" });
        var work = new RunWork(
            new LeasedJob(new Job("run", "run", "run", ""), 1, 1), 1, run, this, new AccountThrottle(Limits.Rate, time), new RunHalt(CancellationToken.None), new RunProgress(run.Run));
        return new BatchSender(work, new SendMeter(new DeliveryMetrics(meters, this), new Chance(new Random(1))), time, NullLogger<BatchSender>.Instance);
    }

    public async Task<BatchOutcome> DeliverAsync(DeliveryBatch batch, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(answer);
        var written = MicrosoftAdvertisingWire.Apply("819689004", batch);
        var outcome = await ForeignAnswer.ReadJsonAsync(
            content, MicrosoftAdvertisingLimits.AnswerBytes, body => MicrosoftAdvertisingOutcomes.OfItems(body!.Value, batch.Operations.Count, default), cancellationToken);
        return written.Length > batch.PayloadBytes ? outcome : throw new InvalidOperationException("Rows are missing.");
    }

    public MappedMember Map(string audience, Member member, StandingDelivery? standing, IBufferWriter<byte> payload) => throw new NotSupportedException();

    public bool MapRemoval(string audience, string key, IBufferWriter<byte> payload) => throw new NotSupportedException();

    public string Explain(string reason) => "";

    public Task<Result<IDestinationSession>> OpenAsync(RunAssignment assignment, Credential credential, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
