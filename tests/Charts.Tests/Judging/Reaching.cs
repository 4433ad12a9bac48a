using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Judging;

/// <summary>Where processes and sidecars are sent to, the network policies let them go.</summary>
internal static class Reaching
{
    public static IReadOnlyList<Rule> Rules { get; } =
    [
        new("Collectors can be reached", rendered =>
            from deployment in rendered.Deployments
            from collector in CollectorsOf(rendered, deployment)
            let port = PortOf(collector)
            from policy in rendered.Of("NetworkPolicy").Where(p => Selectors.Matches(Manifest.Texts(p.At("spec", "podSelector", "matchLabels")), deployment.PodLabels))
            where !LetsOut(policy, port)
            select $"{policy.Id}: closes port {port} of the collector {collector}."),
    ];

    // The process is told by its environment, its sidecar by the configuration that the pod names.
    private static IEnumerable<string> CollectorsOf(Rendered rendered, Manifest deployment) => new[]
    {
        Running.EnvironmentOf(deployment).GetValueOrDefault("Telemetry__OtlpEndpoint"),
        rendered.Of("Configuration").FirstOrDefault(c => c.Name == deployment.PodAnnotations.GetValueOrDefault("dapr.io/config"))?.At("spec", "tracing", "otel", "endpointAddress")?.ToString(),
    }.OfType<string>().Distinct();

    private static string PortOf(string address) => address[(address.LastIndexOf(':') + 1)..].TrimEnd('/');

    public static bool LetsOut(Manifest policy, string port) =>
        Manifest.Items(policy.At("spec", "egress")).Any(rule => Manifest.Items(rule["ports"]).Any(open => open["port"]?.ToString() == port));
}
