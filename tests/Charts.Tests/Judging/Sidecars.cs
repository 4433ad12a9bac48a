using System.Text.RegularExpressions;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Judging;

/// <summary>Sidecars find their process, and it them.</summary>
internal static partial class Sidecars
{
    private const int MaxAppId = 58; // The operator makes a service "<app id>-dapr".

    public static IReadOnlyList<Rule> Rules { get; } =
    [
        new("App ids are unique and short", rendered => With(rendered)
            .GroupBy(AppId).Where(same => same.Count() > 1 || same.Key.Length is 0 or > MaxAppId).Select(same => $"the app id \"{same.Key}\" of {string.Join(", ", same.Select(m => m.Id))}")),
        new("Sidecars reach the port of gRPC", rendered =>
            from manifest in With(rendered)
            let port = manifest.PodAnnotations.GetValueOrDefault("dapr.io/app-port")
            let open = manifest.Containers.SelectMany(c => Manifest.Items(c["ports"])).FirstOrDefault(p => p["name"]?.ToString() == "grpc")?["containerPort"]?.ToString()
            where port != open || manifest.PodAnnotations.GetValueOrDefault("dapr.io/app-protocol") is not ("grpc" or "grpcs")
            select $"{manifest.Id}: its sidecar speaks {manifest.PodAnnotations.GetValueOrDefault("dapr.io/app-protocol")} to {port}, and gRPC is at {open}."),
        new("Sidecars fit restricted pods", rendered => With(rendered)
            .Where(m => m.PodAnnotations.GetValueOrDefault("dapr.io/sidecar-seccomp-profile-type") != "RuntimeDefault")
            .Select(m => $"{m.Id}: its sidecar has no seccomp profile.")),
        new("Sidecars have resources", rendered =>
            from manifest in With(rendered)
            from resource in new[] { "cpu-request", "memory-request", "memory-limit" }
            where string.IsNullOrEmpty(manifest.PodAnnotations.GetValueOrDefault($"dapr.io/sidecar-{resource}"))
            select $"{manifest.Id}: lacks dapr.io/sidecar-{resource}."),
        new("Sidecars ask how the process is", rendered => With(rendered)
            .Where(m => m.PodAnnotations.GetValueOrDefault("dapr.io/enable-app-health-check") != "true").Select(m => $"{m.Id}: deliveries do not wait for its start.")),
        new("Configurations exist", rendered => With(rendered)
            .Where(m => !rendered.Of("Configuration").Any(c => c.Name == m.PodAnnotations.GetValueOrDefault("dapr.io/config")))
            .Select(m => $"{m.Id}: there is no Configuration {m.PodAnnotations.GetValueOrDefault("dapr.io/config")}.")),
        new("Both ends have the tokens", rendered =>
            from manifest in With(rendered)
            from token in new[] { ("api-token-secret", "DAPR_API_TOKEN"), ("app-token-secret", "APP_API_TOKEN") }
            let secret = manifest.Containers.SelectMany(c => Manifest.Items(c["env"])).FirstOrDefault(v => v["name"]!.ToString() == token.Item2)?["valueFrom"]?["secretKeyRef"]?["name"]?.ToString()
            where secret != manifest.PodAnnotations.GetValueOrDefault($"dapr.io/{token.Item1}")
            select $"{manifest.Id}: the process and its sidecar have different Secrets for {token.Item2}."),
        new("Access is closed, and open to those who call", rendered =>
            from manifest in With(rendered)
            let policy = rendered.Of("Configuration").FirstOrDefault(c => c.Name == manifest.PodAnnotations.GetValueOrDefault("dapr.io/config"))?.At("spec", "accessControl")
            let callers = With(rendered).Where(m => Running.EnvironmentOf(m).ContainsKey($"Services__{AppId(manifest)}")).Select(AppId)
            let admitted = Manifest.Items(policy?["policies"]).Select(p => p["appId"]?.ToString() ?? "")
            where policy?["defaultAction"]?.ToString() != "deny" || !callers.ToHashSet().SetEquals(admitted)
            select $"{manifest.Id}: lets in {string.Join(", ", admitted)}, and {string.Join(", ", callers)} call."),
        new("Policies are complete", rendered =>
            from configuration in rendered.Of("Configuration")
            from policy in Manifest.Items(configuration.At("spec", "accessControl", "policies"))
            where policy["namespace"]?.ToString() != Chart.Namespace || policy["trustDomain"] is null
                || !Manifest.Items(policy["operations"]).Any() || Manifest.Items(policy["operations"]).Any(o => !Operation().IsMatch(o["name"]!.ToString()))
            select $"{configuration.Id}: a policy needs appId, namespace, trustDomain and operations such as /package.Service/*."),
        new("Peers through sidecars are apps that exist", rendered =>
            from manifest in With(rendered)
            from peer in Running.EnvironmentOf(manifest)
            where peer.Key.StartsWith("Services__", StringComparison.Ordinal) && peer.Value.StartsWith("dapr:///", StringComparison.Ordinal)
            where !With(rendered).Select(AppId).Contains(peer.Value["dapr:///".Length..])
            select $"{manifest.Id}: calls {peer.Value}."),
    ];

    public static string AppId(Manifest manifest) => manifest.PodAnnotations.GetValueOrDefault("dapr.io/app-id", "");

    public static IEnumerable<Manifest> With(Rendered rendered) => rendered.Deployments.Where(m => m.PodAnnotations.GetValueOrDefault("dapr.io/enabled") == "true");

    [GeneratedRegex(@"^/[a-z0-9.]+\.[A-Z]\w+/\*$")]
    private static partial Regex Operation();
}
