using System.Diagnostics;
using System.Text;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;
using Google.Protobuf;

namespace CustomerInsights.ServiceDefaults.Events;

/// <summary>Writes events to the outbox of the database, in the transaction of the state they announce.</summary>
public sealed class EventPublisher
{
    private readonly string _appId;
    private readonly IdGenerator _ids;
    private readonly TimeProvider _time;
    private readonly WakeSignal _signal;

    /// <summary>A publisher whose events stay in the outbox unless a dispatcher looks after it; for tests of use cases.</summary>
    public EventPublisher(string appId, IdGenerator ids, TimeProvider time)
        : this(appId, ids, time, new WakeSignal())
    {
    }

    internal EventPublisher(string appId, IdGenerator ids, TimeProvider time, WakeSignal signal) =>
        (_appId, _ids, _time, _signal) = (appId, ids, time, signal);

    /// <summary>
    /// Adds an event to the transaction. <paramref name="data"/> carries ids, versions, counts and times only, never
    /// personal data or secrets; the whole event stays under 64 KiB.
    /// </summary>
    public async Task PublishAsync<T>(Transaction transaction, string topic, string subject, T data)
        where T : IMessage<T>
    {
        var now = _time.GetUtcNow();
        var trace = Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id } ? id : null;
        var cloudEvent = new CloudEvent(_ids.Next(), CloudEvent.SourceOf(_appId), CloudEvent.TypeOf(topic), subject, now, trace, EventJson.ToJson(data));
        var payload = cloudEvent.ToUtf8();
        if (payload.Length > CloudEvent.MaxBytes)
        {
            throw new ArgumentException($"An event of {topic} has {payload.Length} bytes; at most {CloudEvent.MaxBytes} are allowed. Send a reference instead.", nameof(data));
        }

        await transaction.ExecuteAsync(
            """
            INSERT INTO outbox (id, topic, subject, payload, traceparent, created_at, next_attempt_at)
            VALUES (@Id, @topic, @subject, @payload, @trace, @now, @now)
            """,
            new { cloudEvent.Id, topic, subject, payload = Encoding.UTF8.GetString(payload), trace, now = now.ToMicroseconds() });
        transaction.AfterCommit(_signal.Set);
    }
}
