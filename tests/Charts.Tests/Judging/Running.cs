using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Judging;

/// <summary>Probes, resources, replicas, images, and the time that a stop takes.</summary>
internal static partial class Running
{
    private static readonly Lazy<JsonObject> Values = new(() => Yaml.Read(Checkout.Read($"{Chart.Folder}/values.yaml")));

    public static IReadOnlyList<Rule> Rules { get; } =
    [
        new("Processes are probed", rendered =>
            from manifest in rendered.Deployments
            from container in manifest.Containers
            from probe in new[] { ("startupProbe", "/healthz/live"), ("livenessProbe", "/healthz/live"), ("readinessProbe", "/healthz/ready") }
            where container[probe.Item1]?["httpGet"]?["path"]?.ToString() != probe.Item2 || container[probe.Item1]?["httpGet"]?["port"]?.ToString() != "http"
            select $"{manifest.Id}: its {probe.Item1} must get {probe.Item2} from the port http."),
        new("Containers ask for resources", rendered =>
            from manifest in rendered.Workloads
            from container in manifest.Containers
            where container["resources"]?["requests"]?["cpu"] is null || container["resources"]?["requests"]?["memory"] is null || container["resources"]?["limits"]?["memory"] is null
            select $"{manifest.Id}: requests processor time and memory, and limits memory."),
        new("Images are pinned", rendered =>
            from manifest in rendered.Workloads
            from container in manifest.Containers
            where !Pinned().IsMatch(container["image"]?.ToString() ?? "") || container["image"]!.ToString().EndsWith(":latest", StringComparison.Ordinal)
            select $"{manifest.Id}: {container["image"]} names neither a version nor a digest."),
        new("An autoscaler owns the replicas", rendered =>
            from manifest in rendered.Deployments
            let owners = rendered.All.Count(m => m.Kind is "HorizontalPodAutoscaler" or "ScaledObject" && m.At("spec", "scaleTargetRef", "name")?.ToString() == manifest.Name)
            where owners + (manifest.At("spec", "replicas") is null ? 0 : 1) != 1
            select $"{manifest.Id}: its replicas have {owners} autoscalers, and are {(manifest.At("spec", "replicas") is null ? "not " : "")}given."),
        new("Nothing scales to zero", rendered => rendered.All
            .Where(m => m.Kind is "HorizontalPodAutoscaler" or "ScaledObject" && ((m.At("spec", "minReplicas") ?? m.At("spec", "minReplicaCount"))?.GetValue<long>() ?? 0) < 1)
            .Select(m => $"{m.Id}: due work comes from the database, too.")),
        new("Drains go on", rendered =>
            from budget in rendered.Of("PodDisruptionBudget")
            where budget.At("spec", "minAvailable") is not null || budget.At("spec", "maxUnavailable")?.GetValue<long>() is not >= 1
            select $"{budget.Id}: says how many may be away, at least 1."),
        new("A stop has the time it needs", rendered => rendered.Deployments
            .Where(m => m.PodSpec!["terminationGracePeriodSeconds"]!.GetValue<long>() <= StopSeconds(m))
            .Select(m => $"{m.Id}: is killed after {m.PodSpec!["terminationGracePeriodSeconds"]} s, and needs {StopSeconds(m)}.")),
        new("Replicas are spread by release", rendered =>
            from manifest in rendered.Deployments
            from spread in Manifest.Items(manifest.PodSpec!["topologySpreadConstraints"])
            where !Selectors.Matches(Manifest.Texts(spread["labelSelector"]?["matchLabels"]), manifest.PodLabels) || Manifest.Items(spread["matchLabelKeys"]).All(k => k.ToString() != "pod-template-hash")
            select $"{manifest.Id}: spreads other pods than its own, or those of the release before, too."),
        new("Processes have accounts of their own", rendered => rendered.Deployments
            .GroupBy(m => m.PodSpec!["serviceAccountName"]?.ToString() ?? "default")
            .Where(same => same.Count() > 1 || same.Key == "default")
            .Select(same => $"{string.Join(", ", same.Select(m => m.Id))}: run as {same.Key}.")),
        new("Accounts are known to everybody", rendered =>
            from manifest in rendered.Deployments
            from peer in rendered.Deployments
            let variable = EnvironmentOf(peer).GetValueOrDefault($"Authentication__ServiceIdentity__Subjects__{ComponentOf(manifest)}")
            where variable != $"system:serviceaccount:{Chart.Namespace}:{manifest.PodSpec!["serviceAccountName"]}"
            select $"{peer.Id}: takes {variable} for {ComponentOf(manifest)}."),
        new("Migrations run by themselves", rendered =>
            from job in rendered.Of("Job")
            where job.Containers.Single()["args"]?[0]?.ToString() != "--migrate"
                || job.PodAnnotations.GetValueOrDefault("dapr.io/enabled") != "false"
                || job.PodSpec!["serviceAccountName"] is not null
                || !(job.Annotations.ContainsKey("helm.sh/hook") ^ job.Annotations.ContainsKey("argocd.argoproj.io/hook"))
            select $"{job.Id}: runs --migrate as the hook of one tool, without a sidecar, and with no account that is made later."),
        new("Starts and migrations have the time they are promised", rendered => rendered.Of("Job")
            .Where(job => job.At("spec", "activeDeadlineSeconds")?.GetValue<long>() != Promised("migrations", "deadlineSeconds"))
            .Select(job => $"{job.Id}: ends before or after migrations.deadlineSeconds.")
            .Concat(
                from manifest in rendered.Deployments
                let start = StartSeconds(manifest)
                let promised = Promised("defaults", "startupSeconds") + (rendered.Of("Job").Any() ? 0 : Promised("migrations", "deadlineSeconds"))
                where start < promised || manifest.At("spec", "progressDeadlineSeconds")?.GetValue<long>() is not { } rollout || rollout <= start
                select $"{manifest.Id}: may take {promised} s to start, is killed after {start}, and its rollout is given up after {manifest.At("spec", "progressDeadlineSeconds")}.")),
    ];

    public static string ComponentOf(Manifest manifest) => manifest.PodLabels.GetValueOrDefault("app.kubernetes.io/component", "");

    public static IReadOnlyDictionary<string, string> EnvironmentOf(Manifest manifest) =>
        Manifest.Items(manifest.Containers.First()["env"]).DistinctBy(v => v["name"]!.ToString()).ToDictionary(v => v["name"]!.ToString(), v => v["value"]?.ToString() ?? "");

    private static long Promised(string group, string key) => Values.Value[group]![key]!.GetValue<long>();

    private static long StartSeconds(Manifest manifest)
    {
        var probe = manifest.Containers.First()["startupProbe"];
        return (probe?["periodSeconds"]?.GetValue<long>() ?? 0) * (probe?["failureThreshold"]?.GetValue<long>() ?? 0);
    }

    private static double StopSeconds(Manifest manifest)
    {
        var pause = manifest.Containers.First()["lifecycle"]?["preStop"]?["sleep"]?["seconds"]?.GetValue<long>() ?? 0;
        var process = pause + TimeSpan.Parse(EnvironmentOf(manifest)["Process__ShutdownTimeout"], CultureInfo.InvariantCulture).TotalSeconds;
        var annotations = manifest.PodAnnotations;
        return annotations.GetValueOrDefault("dapr.io/enabled") != "true" ? process : Math.Max(
            process,
            double.Parse(annotations["dapr.io/block-shutdown-duration"].TrimEnd('s'), CultureInfo.InvariantCulture) + double.Parse(annotations["dapr.io/graceful-shutdown-seconds"], CultureInfo.InvariantCulture));
    }

    [GeneratedRegex("^[a-z0-9./-]+(:[A-Za-z0-9_][A-Za-z0-9._-]*|@sha256:[0-9a-f]{64})$")]
    private static partial Regex Pinned();
}
