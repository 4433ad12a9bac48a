using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CustomerInsights.TestKit.Sidecar.Brokers;
using CustomerInsights.TestKit.Sidecar.Publishing;
using Grpc.Core;
using static Dapr.Runtime.V1.TopicEventResponse.Types;

namespace CustomerInsights.TestKit.Sidecar.Delivering;

/// <summary>Delivers the events of one subscription: hands each to the app, and decides what becomes of it.</summary>
internal sealed class DeliverEvent(SidecarOptions options, SidecarSubscription subscription, AppChannel app, IPubSub pubSub)
{
    private static readonly TimeSpan DeadLetterTimeout = TimeSpan.FromSeconds(30);

    private readonly bool _isRaw = subscription.Metadata.GetValueOrDefault("rawPayload") == "true";
    private readonly CancellationTokenSource _closing = new();
    private int _inFlight;

    /// <summary>Takes nothing more on, and waits for what is under way, for so long. What fails from now on is left as it is.</summary>
    public async Task DrainAsync(TimeSpan timeout)
    {
        await _closing.CancelAsync();
        using var patience = new CancellationTokenSource(timeout);
        while (Volatile.Read(ref _inFlight) > 0 && !patience.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async Task<Settlement> HandleAsync(BrokerMessage message, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _inFlight);
        try
        {
            return _closing.IsCancellationRequested ? Settlement.Leave : await SettleAsync(message, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }

    private async Task<Settlement> SettleAsync(BrokerMessage message, CancellationToken cancellationToken)
    {
        if (TryRead(message) is not { } cloudEvent)
        {
            return await BuryAsync(message, cancellationToken) ? Settlement.Acknowledge : Settlement.Reject;
        }

        var route = IsExpired(cloudEvent) ? null : subscription.Routes.FirstOrDefault(route => Matches(route, cloudEvent));
        if (route is null)
        {
            await BuryAsync(message, cancellationToken);
            return Settlement.Acknowledge;
        }

        try
        {
            var policy = new RunWithPolicy(options.Inbound, options.Time) { Waiting = _closing.Token };
            var delivered = await policy.RunAsync(attempt => AttemptAsync(message, cloudEvent, route.Path, attempt), cancellationToken);
            if (delivered)
            {
                return Settlement.Acknowledge;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested || _closing.IsCancellationRequested)
        {
            return Settlement.Leave;
        }

        if (_closing.IsCancellationRequested || cancellationToken.IsCancellationRequested)
        {
            return Settlement.Leave;
        }

        return subscription.DeadLetterTopic.Length > 0 && await BuryAsync(message, cancellationToken) ? Settlement.Acknowledge : Settlement.Reject;
    }

    private async Task<Attempt> AttemptAsync(BrokerMessage message, JsonObject cloudEvent, string path, CancellationToken cancellationToken)
    {
        TopicEventResponseStatus status;
        try
        {
            var request = TopicEvent.Create(cloudEvent, subscription, path);
            var trace = TraceContext.Below(
                TopicEvent.Text(cloudEvent, "traceparent") is { Length: > 0 } parent ? parent : TopicEvent.Text(cloudEvent, "traceid"), TopicEvent.Text(cloudEvent, "tracestate"));
            status = (await app.DeliverAsync(request, trace, message.Metadata, cancellationToken)).Status;
        }
        catch (FormatException)
        {
            return Attempt.Failed(null);
        }
        catch (RpcException exception)
        {
            // Taken for dropped, but unlike DROP without a copy for the dead-letter topic.
            return exception.StatusCode == StatusCode.Unimplemented ? Attempt.Done : Attempt.Failed(exception.StatusCode);
        }

        return status switch
        {
            TopicEventResponseStatus.Success => Attempt.Done,
            TopicEventResponseStatus.Drop when subscription.DeadLetterTopic.Length == 0 || await BuryAsync(message, cancellationToken) => Attempt.Done,
            _ => Attempt.Failed(null),
        };
    }

    /// <summary>Copies the message to the dead-letter topic, as it came. False without one, or when the broker does not take it.</summary>
    private async Task<bool> BuryAsync(BrokerMessage message, CancellationToken cancellationToken)
    {
        if (subscription.DeadLetterTopic.Length == 0)
        {
            return false;
        }

        using var timeout = new CancellationTokenSource(DeadLetterTimeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await pubSub.PublishAsync(message with { Topic = subscription.DeadLetterTopic }, either.Token);
            return true;
        }
        catch (Exception exception) when (exception is BrokerException or OperationCanceledException)
        {
            return false;
        }
    }

    private JsonObject? TryRead(BrokerMessage message)
    {
        try
        {
            return _isRaw ? CloudEventEnvelope.OfRawPayload(message.Body, subscription.PubSub, subscription.Topic) : CloudEventEnvelope.Read(message.Body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private bool IsExpired(JsonObject cloudEvent) =>
        DateTimeOffset.TryParse(TopicEvent.Text(cloudEvent, "expiration"), CultureInfo.InvariantCulture, out var expiration) && expiration < options.Time.GetUtcNow();

    private static bool Matches(SidecarRoute route, JsonObject cloudEvent)
    {
        if (route.Match.Trim().Length == 0)
        {
            return true;
        }

        var sides = route.Match.Split("==", StringSplitOptions.TrimEntries);
        return sides is [['e', 'v', 'e', 'n', 't', '.', .. var name], ['"' or '\'', .. var value, '"' or '\'']]
            ? TopicEvent.Text(cloudEvent, name) == value
            : throw new NotSupportedException($"The stand-in does not know the expression {route.Match}.");
    }
}
