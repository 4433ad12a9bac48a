using System.Text.Json.Nodes;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Judging;

/// <summary>What points at pods points at the right ones.</summary>
internal static class Selectors
{
    public static IReadOnlyList<Rule> Rules { get; } =
    [
        new("Deployments select their own pods", rendered => rendered.Deployments
            .Where(m => !Matches(Manifest.Texts(m.At("spec", "selector", "matchLabels")), m.PodLabels))
            .Select(m => $"{m.Id}: its selector misses its pods.")),
        new("Selectors hit one workload", rendered =>
            from manifest in rendered.All
            let selector = SelectorOf(manifest)
            where selector is not null
            let hit = rendered.Workloads.Where(w => Matches(Manifest.Texts(selector), w.PodLabels)).Select(w => w.Kind == "Deployment" ? w.Name : "one-off pods").Distinct().ToList()
            where hit.Count != 1 && !IsForOneOffs(manifest, hit.Count)
            select $"{manifest.Id}: hits {hit.Count} workloads: {string.Join(", ", hit)}."),
        new("Selectors never change", rendered =>
            from manifest in rendered.All
            let selector = SelectorOf(manifest) ?? manifest.At("spec", "selector", "matchLabels")
            where manifest.Kind != "PodMonitor"
            from key in Manifest.Texts(selector).Keys
            where key.Contains("version", StringComparison.Ordinal) || key.Contains("chart", StringComparison.Ordinal)
            select $"{manifest.Id}: selects by {key}, which changes with each release."),
        new("Services lead to ports that exist", rendered =>
            from service in rendered.Of("Service")
            let ports = rendered.Deployments.Where(d => Matches(Manifest.Texts(service.At("spec", "selector")), d.PodLabels))
                .SelectMany(d => d.Containers).SelectMany(c => Manifest.Items(c["ports"])).Select(p => p["name"]!.ToString()).ToHashSet()
            from port in Manifest.Items(service.At("spec", "ports"))
            where !ports.Contains(port["targetPort"]!.ToString())
            select $"{service.Id}: there is no container port {port["targetPort"]}."),
        new("Autoscalers lead to deployments that exist", rendered =>
            from manifest in rendered.All
            where manifest.Kind is "HorizontalPodAutoscaler" or "ScaledObject"
            let target = manifest.At("spec", "scaleTargetRef", "name")?.ToString()
            let deployment = rendered.Deployments.FirstOrDefault(d => d.Name == target)
            where deployment is null || ContainersOf(manifest).Except(deployment.Containers.Select(c => c["name"]!.ToString())).Any()
            select $"{manifest.Id}: there is no such deployment or container."),
        new("Policies let in who is let out", rendered =>
            from manifest in rendered.Of("NetworkPolicy")
            from rule in Manifest.Items(manifest.At("spec", "egress"))
            from peer in Manifest.Items(rule["to"])
            let labels = Manifest.Texts(peer["podSelector"]?["matchLabels"])
            where labels.ContainsKey("app.kubernetes.io/component")
            let target = rendered.Of("NetworkPolicy").FirstOrDefault(p => Matches(labels, Manifest.Texts(p.At("spec", "podSelector", "matchLabels"))))
            where target is null || !LetsIn(target, Manifest.Texts(manifest.At("spec", "podSelector", "matchLabels")), rule["ports"])
            select $"{manifest.Id}: may call {labels["app.kubernetes.io/component"]}, whose policy does not let it in."),
    ];

    public static bool Matches(IReadOnlyDictionary<string, string> selector, IReadOnlyDictionary<string, string> labels) =>
        selector.Count > 0 && selector.All(pair => labels.TryGetValue(pair.Key, out var value) && value == pair.Value);

    private static JsonNode? SelectorOf(Manifest manifest) => manifest.Kind switch
    {
        "Service" => manifest.At("spec", "selector"),
        "PodDisruptionBudget" => manifest.At("spec", "selector", "matchLabels"),
        "NetworkPolicy" => manifest.At("spec", "podSelector", "matchLabels"),
        _ => null,
    };

    // Its jobs and tests may be switched off.
    private static bool IsForOneOffs(Manifest manifest, int hits) =>
        hits == 0 && manifest.Kind == "NetworkPolicy" && manifest.Name.EndsWith("-migrations", StringComparison.Ordinal);

    private static IEnumerable<string> ContainersOf(Manifest autoscaler) =>
        Manifest.Items(autoscaler.At("spec", "metrics")).Select(m => m["containerResource"]?["container"]?.ToString()).OfType<string>();

    private static bool LetsIn(Manifest policy, IReadOnlyDictionary<string, string> caller, JsonNode? ports) =>
        Manifest.Items(policy.At("spec", "ingress")).Any(rule =>
            Manifest.Items(rule["from"]).Any(peer => Matches(Manifest.Texts(peer["podSelector"]?["matchLabels"]), caller))
            && Manifest.Items(ports).All(wanted => Manifest.Items(rule["ports"]).Any(open => JsonNode.DeepEquals(open["port"], wanted["port"]))));
}
