using System.Diagnostics;
using CustomerInsights.ServiceDefaults.Metering;

namespace CustomerInsights.ServiceDefaults.Events;

/// <summary>Carries a trace across events: the publisher's context travels as the extension "traceparent".</summary>
internal static class EventTracing
{
    private static readonly ActivitySource Source = new(MetricNames.Meter);

    public static Activity? StartPublish(string topic, string eventId, string? traceParent) => Start("publish", ActivityKind.Producer, topic, eventId, traceParent);

    public static Activity? StartConsume(string topic, string eventId, string? traceParent) => Start("consume", ActivityKind.Consumer, topic, eventId, traceParent);

    private static Activity? Start(string verb, ActivityKind kind, string topic, string eventId, string? traceParent)
    {
        // A foreign event may carry anything there; then a trace of its own begins.
        _ = ActivityContext.TryParse(traceParent, traceState: null, isRemote: true, out var parent);
        var activity = Source.StartActivity($"{verb} {topic}", kind, parent);
        activity?.SetTag("messaging.destination.name", topic);
        activity?.SetTag("cloudevents.event_id", eventId);
        return activity;
    }
}
