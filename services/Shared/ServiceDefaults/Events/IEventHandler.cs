using CustomerInsights.ServiceDefaults.Storage;
using Google.Protobuf;

namespace CustomerInsights.ServiceDefaults.Events;

/// <summary>Effects of one event of one topic.</summary>
public interface IEventHandler<T>
    where T : IMessage<T>
{
    /// <summary>
    /// Runs in the transaction that records the event in the inbox: effects happen once. Store a job for anything that
    /// takes longer than a moment. Throws only for bugs and outages; the event is then delivered again, for a bug a limited
    /// number of times.
    /// A refusal of bad data is returned: the transaction is rolled back and the event goes to the dead-letter queue with
    /// the reason and is counted.
    /// </summary>
    Task<EventOutcome> HandleAsync(Event<T> received, Transaction transaction, CancellationToken cancellationToken);
}

/// <summary>What a handler says of an event.</summary>
/// <param name="DeadLetterReason">Null when handled; else a machine-readable reason without personal data.</param>
public sealed record EventOutcome(string? DeadLetterReason)
{
    /// <summary>Handled, or of no concern.</summary>
    public static EventOutcome Handled { get; } = new((string?)null);

    /// <summary>Never to be handled: to the dead-letter queue.</summary>
    public static EventOutcome DeadLetter(string reason) => new(reason);
}
