using CustomerInsights.ServiceDefaults.Metering;
using CustomerInsights.ServiceDefaults.Storage;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Events.Receiving;

/// <summary>Takes one event of a topic: read, record in the inbox, run the handler, commit.</summary>
internal sealed partial class ConsumeEvent<TData, THandler>(
    string topic, Database database, IServiceScopeFactory scopes, ServiceMetrics metrics, TimeProvider time, ILogger logger)
    where TData : class, IMessage<TData>, new()
    where THandler : class, IEventHandler<TData>
{
    private readonly JudgeFailure _failures = new();

    /// <summary>What became of it. Throws when it shall be delivered again.</summary>
    public async Task<EventOutcome> RunAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var (cloudEvent, problem) = CloudEventReader.Read(body);
        if (cloudEvent is null)
        {
            return Refuse("?", problem);
        }

        if (EventJson.Parse<TData>(cloudEvent.Data) is not { } data)
        {
            return Refuse(cloudEvent.Id, "DATA_INVALID");
        }

        var started = time.GetTimestamp();
        using var activity = EventTracing.StartConsume(topic, cloudEvent.Id, cloudEvent.TraceParent);
        try
        {
            var isNew = await database.WriteAsync(transaction => HandleOnceAsync(cloudEvent, data, transaction), cancellationToken);
            Count(isNew, cloudEvent, started);
            _failures.Forget(cloudEvent);
            return EventOutcome.Handled;
        }
        catch (RefusedByHandlerException refused)
        {
            return Refuse(cloudEvent.Id, refused.Message);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (_failures.Judge(cloudEvent, exception) is { } reason)
            {
                return Refuse(cloudEvent.Id, reason);
            }

            metrics.HandlingFailed(topic);
            throw;
        }
    }

    private async Task<bool> HandleOnceAsync(CloudEvent cloudEvent, TData data, Transaction transaction)
    {
        var now = time.GetUtcNow();
        if (!await Inbox.TryRecordAsync(transaction, topic, cloudEvent, now))
        {
            return false;
        }

        await using var scope = scopes.CreateAsyncScope();
        var handler = scope.ServiceProvider.GetRequiredService<THandler>();
        var received = new Event<TData>(cloudEvent.Id, cloudEvent.Source, cloudEvent.Subject, cloudEvent.Time ?? now, data);
        var outcome = await handler.HandleAsync(received, transaction, transaction.CancellationToken);

        // Thrown, so that neither effects nor the inbox row stay: somebody may replay it from the dead-letter queue.
        return outcome.DeadLetterReason is { } reason ? throw new RefusedByHandlerException(reason) : true;
    }

    private void Count(bool isNew, CloudEvent cloudEvent, long started)
    {
        if (isNew)
        {
            metrics.Handled(topic, time.GetElapsedTime(started), time.GetUtcNow() - cloudEvent.Time);
        }
        else
        {
            metrics.Duplicate(topic);
        }
    }

    private EventOutcome Refuse(string eventId, string reason)
    {
        metrics.DeadLetter(topic, reason);
        Log.DeadLetter(logger, eventId, topic, reason);
        return EventOutcome.DeadLetter(reason);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Event {EventId} of {Topic} goes to the dead-letter queue: {Reason}")]
        public static partial void DeadLetter(ILogger logger, string eventId, string topic, string reason);
    }
}

/// <summary>Rolls the transaction of a refused event back.</summary>
internal sealed class RefusedByHandlerException(string reason) : Exception(reason);
