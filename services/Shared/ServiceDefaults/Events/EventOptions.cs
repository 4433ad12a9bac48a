using System.ComponentModel.DataAnnotations;

namespace CustomerInsights.ServiceDefaults.Events;

/// <summary>How events travel between processes.</summary>
public enum EventTransportKind
{
    /// <summary>Inside one process, for Standalone and tests.</summary>
    InMemory,

    /// <summary>Through a RabbitMQ broker.</summary>
    RabbitMq,

    /// <summary>Through the Dapr sidecar of the process.</summary>
    Dapr,
}

/// <summary>Who tells the sidecar what to deliver.</summary>
public enum DaprSubscriptions
{
    /// <summary>The process, when the sidecar asks.</summary>
    Programmatic,

    /// <summary>The platform, by resources of the kind Subscription.</summary>
    Declared,
}

/// <summary>Section "Events".</summary>
public sealed class EventOptions : IValidatableObject
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Events";

    /// <value>The transport. Default: in memory.</value>
    public EventTransportKind Transport { get; set; } = EventTransportKind.InMemory;

    /// <value>Where the broker is; needed for the transport RabbitMq.</value>
    public RabbitMqOptions RabbitMq { get; set; } = new();

    /// <value>How the sidecar carries events; for the transport Dapr.</value>
    public DaprEventOptions Dapr { get; set; } = new();

    /// <value>How long published events are kept for inspection. Default: 1 day.</value>
    public TimeSpan OutboxRetention { get; set; } = TimeSpan.FromDays(1);

    /// <value>How long handled events are remembered; longer than anything may redeliver or replay. Default: 30 days.</value>
    public TimeSpan InboxRetention { get; set; } = TimeSpan.FromDays(30);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Transport == EventTransportKind.RabbitMq && (RabbitMq.Uri is not { IsAbsoluteUri: true, Scheme: "amqp" or "amqps" }))
        {
            yield return new ValidationResult("Events:RabbitMq:Uri must be an amqp:// or amqps:// address when Events:Transport is RabbitMq.", [nameof(RabbitMq)]);
        }

        if (Transport == EventTransportKind.Dapr && Dapr.PubSub.Length == 0)
        {
            yield return new ValidationResult("Events:Dapr:PubSub must name a pub/sub component when Events:Transport is Dapr.", [nameof(Dapr)]);
        }

        if (OutboxRetention < TimeSpan.Zero || InboxRetention < TimeSpan.FromHours(1))
        {
            yield return new ValidationResult("Events:OutboxRetention must not be negative, and Events:InboxRetention at least one hour.", [nameof(InboxRetention)]);
        }
    }
}

/// <summary>Section "Events:Dapr".</summary>
public sealed class DaprEventOptions
{
    /// <value>Name of the component. Default: pubsub.</value>
    public string PubSub { get; set; } = "pubsub";

    /// <value>Who tells the sidecar what to deliver: never both, or everything comes twice. Default: the process.</value>
    public DaprSubscriptions Subscriptions { get; set; } = DaprSubscriptions.Programmatic;
}

/// <summary>Section "Events:RabbitMq".</summary>
public sealed class RabbitMqOptions
{
    /// <value>amqp://user:password@host:port/vhost; amqps for TLS. Secret.</value>
    public Uri? Uri { get; set; }
}
