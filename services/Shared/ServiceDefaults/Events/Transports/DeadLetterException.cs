namespace CustomerInsights.ServiceDefaults.Events.Transports;

/// <summary>Tells MassTransit to move the event being consumed to the dead-letter queue, with the reason in its headers.</summary>
internal sealed class DeadLetterException(string reason) : Exception(reason);
