using System.Text;
using CustomerInsights.ServiceDefaults.Events.Transports;
using CustomerInsights.ServiceDefaults.Metering;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.ServiceDefaults.Events.Receiving;

/// <summary>Events that were given up, in the database of the service, for somebody to look at. Kept as long as the inbox is.</summary>
internal sealed class DeadLetterStore(Database database, IdGenerator ids, ServiceMetrics metrics, TimeProvider time)
{
    /// <summary>Adds one. What is no text, or too long for an event, is kept by its beginning and only as far as it is text.</summary>
    public async Task AddAsync(string topic, DeadLetter letter, CancellationToken cancellationToken)
    {
        var (cloudEvent, _) = CloudEventReader.Read(letter.Body);
        var text = Encoding.UTF8.GetString(letter.Body.Span[..Math.Min(letter.Body.Length, CloudEvent.MaxBytes)]).Replace('\0', '\ufffd');
        await database.WriteAsync(
            transaction => transaction.ExecuteAsync(
                "INSERT INTO dead_letters (id, topic, event_id, reason, body, received_at) VALUES (@id, @topic, @eventId, @Reason, @text, @now)",
                new { id = ids.Next(), topic, eventId = cloudEvent?.Id ?? "", letter.Reason, text, now = time.GetUtcNow().ToMicroseconds() }),
            cancellationToken);
        if (letter.Reason == DaprTransport.GivenUp)
        {
            // Whatever refuses an event counts it; a sidecar that gives one up can't.
            metrics.DeadLetter(topic, letter.Reason);
        }
    }
}
