using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Judging;

/// <summary>Topics have subscribers, queues outlive their readers, failures are tried again and then kept.</summary>
internal static class Events
{
    private const string DeadLetters = "_error";

    // What Dapr leaves out or sets otherwise would lose events: facts of its RabbitMQ component.
    private static readonly Dictionary<string, string> Lasting = new()
    {
        ["durable"] = "true", ["deletedWhenUnused"] = "false", ["deliveryMode"] = "2", ["publisherConfirm"] = "true", ["exchangeKind"] = "fanout", ["requeueInFailure"] = "false",
    };

    public static IReadOnlyList<Rule> Rules { get; } =
    [
        new("Scopes name apps that exist", rendered =>
            from manifest in rendered.All
            from scope in manifest.Scopes
            where !Sidecars.With(rendered).Select(Sidecars.AppId).Contains(scope)
            select $"{manifest.Id}: there is no app {scope}."),
        new("Dapr resources have scopes", rendered => rendered.All
            .Where(m => m.Kind is "Component" or "Subscription" or "Resiliency" && !m.Scopes.Any()).Select(m => $"{m.Id}: is open to every app of the namespace.")),
        new("The broker's component loses nothing", rendered =>
            from component in rendered.Of("Component")
            where component.At("spec", "type")?.ToString() == "pubsub.rabbitmq"
            let metadata = Manifest.Items(component.At("spec", "metadata")).ToDictionary(m => m["name"]!.ToString(), m => m["value"]?.ToString() ?? "")
            from wanted in Lasting
            where metadata.GetValueOrDefault(wanted.Key) != wanted.Value
            select $"{component.Id}: {wanted.Key} must be {wanted.Value}."),
        new("Prefetch is bounded", rendered =>
            from component in rendered.Of("Component")
            where component.At("spec", "type")?.ToString() == "pubsub.rabbitmq"
            let prefetch = Manifest.Items(component.At("spec", "metadata")).FirstOrDefault(m => m["name"]?.ToString() == "prefetchCount")?["value"]?.ToString()
            where !int.TryParse(prefetch, out var number) || number is < 1 or > 255
            select $"{component.Id}: prefetchCount is {prefetch}; from 1 to 255."),
        new("Subscriptions use quorum queues", rendered => rendered.Of("Subscription")
            .Where(m => m.At("spec", "metadata", "queueType")?.ToString() != "quorum").Select(m => $"{m.Id}: its queue lives on one node.")),
        new("Subscriptions belong to one app and one component", rendered => rendered.Of("Subscription")
            .Where(m => m.Scopes.Count() != 1 || !rendered.Of("Component").Any(c => c.Name == m.At("spec", "pubsubname")?.ToString()))
            .Select(m => $"{m.Id}: names one app, and a component that exists.")),
        new("Dead letters have a subscriber", rendered =>
            from subscription in rendered.Of("Subscription")
            let topic = TopicOf(subscription)
            where !topic.EndsWith(DeadLetters, StringComparison.Ordinal)
            let wanted = $"{subscription.Scopes.First()}-{topic}{DeadLetters}"
            let keeper = rendered.Of("Subscription").FirstOrDefault(s => TopicOf(s) == wanted && s.Scopes.SequenceEqual(subscription.Scopes))
            where subscription.At("spec", "deadLetterTopic")?.ToString() != wanted || keeper?.At("spec", "metadata", "rawPayload")?.ToString() != "true"
            select $"{subscription.Id}: needs the dead-letter topic {wanted}, which the same app reads as it is (rawPayload)."),
        new("Topics may be used by who uses them", rendered =>
            from subscription in rendered.Of("Subscription")
            from component in rendered.Of("Component").Where(c => c.Name == subscription.At("spec", "pubsubname")?.ToString())
            let app = subscription.Scopes.First()
            let letters = subscription.At("spec", "deadLetterTopic")?.ToString()
            where !TopicsOf(component, "subscriptionScopes", app).Contains(TopicOf(subscription)) || (letters is not null && !TopicsOf(component, "publishingScopes", app).Contains(letters))
            select $"{subscription.Id}: {component.Id} does not let {app} do so."),
        new("The sidecar's transport is complete", rendered =>
            from manifest in rendered.Deployments
            let environment = Running.EnvironmentOf(manifest)
            let isDapr = environment.GetValueOrDefault("Events__Transport") == "Dapr"
            let isWithSidecar = Sidecars.AppId(manifest).Length > 0
            let declared = rendered.Of("Subscription").Any()
            where isDapr != isWithSidecar
                || (isDapr && !rendered.Of("Component").Any(c => c.Name == environment.GetValueOrDefault("Events__Dapr__PubSub") && c.Scopes.Contains(Sidecars.AppId(manifest))))
                || (isDapr && environment.GetValueOrDefault("Events__Dapr__Subscriptions") != (declared ? "Declared" : "Programmatic"))
            select $"{manifest.Id}: transport, sidecar, component and subscriptions do not fit."),
        new("Retries match what they are for", rendered =>
            from resiliency in rendered.Of("Resiliency")
            from retry in resiliency.At("spec", "policies", "retries")!.AsObject()
            where retry.Value?["matching"] is null || retry.Value["maxRetries"]?.GetValue<long>() is not (> 0 and <= 25)
            select $"{resiliency.Id}: {retry.Key} needs matching codes and an end."),
        new("Resiliency targets exist", rendered =>
            from resiliency in rendered.Of("Resiliency")
            let components = resiliency.At("spec", "targets", "components")!.AsObject().Select(t => t.Key).Except(rendered.Of("Component").Select(c => c.Name))
            let apps = resiliency.At("spec", "targets", "apps")!.AsObject().Select(t => t.Key).Except(Sidecars.With(rendered).Select(Sidecars.AppId))
            from missing in components.Concat(apps)
            select $"{resiliency.Id}: there is no {missing}."),
        new("Deliveries are tried again before they are dead letters", rendered =>
            from component in rendered.Of("Component")
            where component.At("spec", "type")?.ToString() == "pubsub.rabbitmq"
            where !rendered.Of("Resiliency").Any(r => r.At("spec", "targets", "components", component.Name, "inbound", "retry") is not null)
            select $"{component.Id}: no Resiliency retries its deliveries."),
        new("KEDA counts queues that exist", rendered =>
            from scaled in rendered.Of("ScaledObject")
            let component = scaled.At("metadata", "labels", "app.kubernetes.io/component")!.ToString()
            let queues = Topology.SubscribedBy(component).Select(topic => $"{component}-{topic}").ToList()
            let counted = Manifest.Items(scaled.At("spec", "triggers")).Select(t => t["metadata"]?["queueName"]?.ToString() ?? "").ToList()
            where counted.Count == 0 || !counted.ToHashSet().SetEquals(queues)
            select $"{scaled.Id}: counts {string.Join(", ", counted)}, and {component} reads {string.Join(", ", queues)}."),
        new("KEDA can reach the broker", rendered =>
            from scaled in rendered.Of("ScaledObject")
            from trigger in Manifest.Items(scaled.At("spec", "triggers"))
            where !rendered.Of("TriggerAuthentication").Any(a => a.Name == trigger["authenticationRef"]?["name"]?.ToString())
            select $"{scaled.Id}: there is no TriggerAuthentication {trigger["authenticationRef"]?["name"]}."),
    ];

    private static string TopicOf(Manifest subscription) => subscription.At("spec", "topic")?.ToString() ?? "";

    private static IEnumerable<string> TopicsOf(Manifest component, string scopes, string app) =>
        (Manifest.Items(component.At("spec", "metadata")).FirstOrDefault(m => m["name"]?.ToString() == scopes)?["value"]?.ToString() ?? "")
        .Split(';').Where(part => part.StartsWith($"{app}=", StringComparison.Ordinal)).SelectMany(part => part[(app.Length + 1)..].Split(','));
}
