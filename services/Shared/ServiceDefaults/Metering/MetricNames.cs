namespace CustomerInsights.ServiceDefaults.Metering;

/// <summary>Every metric that ServiceDefaults emits; dashboards and alerts refer to these names.</summary>
public static class MetricNames
{
    /// <summary>The meter.</summary>
    public const string Meter = "CustomerInsights.ServiceDefaults";

    /// <summary>Seconds that the oldest unpublished event has waited.</summary>
    public const string OutboxAge = "customerinsights.outbox.age";

    /// <summary>Unpublished events.</summary>
    public const string OutboxDepth = "customerinsights.outbox.depth";

    /// <summary>Events that the broker confirmed; tag topic.</summary>
    public const string OutboxPublished = "customerinsights.outbox.published";

    /// <summary>Events put on the slow schedule after too many attempts; tag topic.</summary>
    public const string OutboxParked = "customerinsights.outbox.parked";

    /// <summary>Events whose effects were committed; tag topic.</summary>
    public const string InboxHandled = "customerinsights.inbox.handled";

    /// <summary>Events that had been handled before; tag topic.</summary>
    public const string InboxDuplicates = "customerinsights.inbox.duplicates";

    /// <summary>Events moved to the dead-letter queue; tags topic, reason.</summary>
    public const string InboxDeadLetters = "customerinsights.inbox.dead_letters";

    /// <summary>Handling that failed and is tried again; tag topic.</summary>
    public const string InboxFailures = "customerinsights.inbox.failures";

    /// <summary>Seconds from an event's arrival to its commit; tag topic.</summary>
    public const string InboxDuration = "customerinsights.inbox.duration";

    /// <summary>Seconds from the fact to the commit of its effects, outbox and queue included; tag topic.</summary>
    public const string InboxLag = "customerinsights.inbox.lag";

    /// <summary>Jobs claimed; tag kind.</summary>
    public const string JobsClaimed = "customerinsights.jobs.claimed";

    /// <summary>Jobs done; tag kind.</summary>
    public const string JobsDone = "customerinsights.jobs.done";

    /// <summary>Jobs that failed and are tried again; tag kind.</summary>
    public const string JobsRetried = "customerinsights.jobs.retried";

    /// <summary>Seconds from claiming a job to the end of its handler, however it ended; tag kind.</summary>
    public const string JobsDuration = "customerinsights.jobs.duration";

    /// <summary>Leases that lapsed or were taken over while a handler ran; tag kind.</summary>
    public const string JobsLeaseLost = "customerinsights.jobs.lease_lost";
}
