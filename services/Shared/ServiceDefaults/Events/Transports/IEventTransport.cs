namespace CustomerInsights.ServiceDefaults.Events.Transports;

/// <summary>Carries CloudEvents between processes.</summary>
internal interface IEventTransport : IAsyncDisposable
{
    /// <summary>Whether events can leave and arrive right now; readiness shows it.</summary>
    bool IsReady { get; }

    /// <summary>How long a publish may take before it counts as failed.</summary>
    TimeSpan PublishTimeout { get; }

    /// <summary>Starts without waiting for the broker, which may be down: it is looked for until it is there.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Takes no more events, and waits for those being handled until the token fires.</summary>
    Task StopAsync(CancellationToken cancellationToken);

    /// <summary>Completes when the event is in safe hands; throws when that is not certain.</summary>
    Task PublishAsync(OutgoingEvent outgoing, CancellationToken cancellationToken);
}

/// <summary>An event on its way out.</summary>
/// <param name="Id">CloudEvents id.</param>
/// <param name="Topic">Where to.</param>
/// <param name="Body">The CloudEvent in structured JSON, UTF-8.</param>
/// <param name="TraceParent">Trace that it belongs to; null for none.</param>
internal sealed record OutgoingEvent(string Id, string Topic, ReadOnlyMemory<byte> Body, string? TraceParent = null);

/// <summary>One service's interest in a topic.</summary>
/// <param name="AppId">The service.</param>
/// <param name="Topic">The topic.</param>
/// <param name="ConsumeAsync">Does what is to be done with the body of an event. An exception means: later again.</param>
internal sealed record EventSubscription(string AppId, string Topic, Func<ReadOnlyMemory<byte>, CancellationToken, Task<EventOutcome>> ConsumeAsync)
{
    /// <summary>All replicas of a service share a queue.</summary>
    public string Queue => $"{AppId}-{Topic}";

    /// <summary>Where a sidecar puts what it has given up on.</summary>
    public string DeadLetterTopic => $"{Queue}_error";

    /// <summary>Keeps an event that nothing will ever get through with, where the transport has no place for it.</summary>
    public required Func<DeadLetter, CancellationToken, Task> KeepDeadLetterAsync { get; init; }
}

/// <summary>An event that was given up.</summary>
/// <param name="Reason">Machine-readable.</param>
/// <param name="Body">As it came.</param>
internal sealed record DeadLetter(string Reason, ReadOnlyMemory<byte> Body);
