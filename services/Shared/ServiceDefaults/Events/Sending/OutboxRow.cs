namespace CustomerInsights.ServiceDefaults.Events.Sending;

/// <summary>An event in the outbox, claimed for publishing.</summary>
internal sealed record OutboxRow(long Position, string Id, string Topic, string Subject, string Payload, string? TraceParent, long Attempts);

/// <summary>What became of a claimed event.</summary>
/// <param name="Row">The event.</param>
/// <param name="Failure">Null when published; else the kind of failure.</param>
/// <param name="Tried">False when it was not tried because an earlier one of its subject failed or the process stops.</param>
internal sealed record PublishOutcome(OutboxRow Row, string? Failure, bool Tried)
{
    public static PublishOutcome Published(OutboxRow row) => new(row, null, true);

    public static PublishOutcome Failed(OutboxRow row, string kind) => new(row, kind, true);

    public static PublishOutcome Untried(OutboxRow row) => new(row, "Untried", false);
}
