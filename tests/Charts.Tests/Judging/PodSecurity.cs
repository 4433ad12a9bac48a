using System.Text.Json.Nodes;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Judging;

/// <summary>
/// The standard "restricted" (https://kubernetes.io/docs/concepts/security/pod-security-standards/), and beyond it a read-only
/// root and no token of the API server.
/// </summary>
internal static class PodSecurity
{
    private const int User = 1654;

    private static readonly HashSet<string> AllowedVolumes = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

    public static IReadOnlyList<Rule> Rules { get; } =
    [
        OfPods("Pods do not run as root", pod => pod["securityContext"]?["runAsNonRoot"]?.GetValue<bool>() == true && AsNumber(pod["securityContext"]?["runAsUser"]) == User),
        OfPods("Pods have a seccomp profile", pod => pod["securityContext"]?["seccompProfile"]?["type"]?.ToString() is "RuntimeDefault" or "Localhost"),
        OfPods("Pods share no namespace of the host", pod => !new[] { "hostNetwork", "hostPID", "hostIPC" }.Any(key => pod[key]?.GetValue<bool>() == true)),
        OfPods("Pods use harmless volumes", pod => Manifest.Items(pod["volumes"]).All(v => v.AsObject().Select(p => p.Key).Where(key => key != "name").All(AllowedVolumes.Contains))),
        OfPods("Pods get no token of the API server", pod => pod["automountServiceAccountToken"]?.GetValue<bool>() == false),
        OfPods("Pods get no variables of services", pod => pod["enableServiceLinks"]?.GetValue<bool>() == false),
        OfContainers("Containers gain no privileges", container => container["securityContext"]?["allowPrivilegeEscalation"]?.GetValue<bool>() == false && container["securityContext"]?["privileged"] is null),
        OfContainers("Containers drop all capabilities", container =>
            Manifest.Items(container["securityContext"]?["capabilities"]?["drop"]).Any(c => c.ToString() == "ALL") && container["securityContext"]?["capabilities"]?["add"] is null),
        OfContainers("Containers have a read-only root", container => container["securityContext"]?["readOnlyRootFilesystem"]?.GetValue<bool>() == true),
        OfContainers("Containers override no user", container => container["securityContext"]?["runAsUser"] is null && container["securityContext"]?["runAsNonRoot"] is null),
        OfContainers("Containers open no ports of the host", container => Manifest.Items(container["ports"]).All(port => port["hostPort"] is null)),
        OfContainers("Containers can write temporary files", container => Manifest.Items(container["volumeMounts"]).Any(m => m["mountPath"]?.ToString() == "/tmp" && m["readOnly"] is null)),
        new("Mounts have volumes", rendered =>
            from manifest in rendered.Workloads
            let volumes = Manifest.Items(manifest.PodSpec!["volumes"]).Select(v => v["name"]!.ToString()).ToHashSet()
            let mounts = manifest.Containers.SelectMany(c => Manifest.Items(c["volumeMounts"])).Select(m => m["name"]!.ToString()).ToHashSet()
            where !volumes.SetEquals(mounts)
            select $"{manifest.Id}: its volumes are {string.Join(", ", volumes)}, and it mounts {string.Join(", ", mounts)}."),
    ];

    private static Rule OfPods(string name, Func<JsonObject, bool> holds) => new(name, rendered => rendered.Workloads.Where(m => !holds(m.PodSpec!)).Select(m => m.Id));

    private static Rule OfContainers(string name, Func<JsonObject, bool> holds) => new(name, rendered =>
        rendered.Workloads.SelectMany(m => m.Containers, (m, container) => (m, container)).Where(x => !holds(x.container)).Select(x => $"{x.m.Id}, container {x.container["name"]}"));

    private static long? AsNumber(JsonNode? node) => node?.GetValue<long>();
}
