using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Judging;

/// <summary>No secret is in what the chart renders.</summary>
internal static partial class Secrets
{
    public static IReadOnlyList<Rule> Rules { get; } =
    [
        new("The chart makes no Secret", rendered => rendered.Of("Secret").Select(m => $"{m.Id}: its data would be in the history of the release.")),
        new("Nothing looks like a secret", rendered => rendered.All.SelectMany(m => Texts(m.Json).Where(t => Secret().IsMatch(t)).Select(t => $"{m.Id}: {t[..Math.Min(t.Length, 12)]}…"))),
        new("Secret settings come from Secrets", rendered =>
            from manifest in rendered.Workloads
            from container in manifest.Containers
            from variable in Manifest.Items(container["env"])
            where IsSecret(variable["name"]!.ToString()) && variable["value"] is not null
            select $"{manifest.Id}: {variable["name"]} has its value in the manifest."),
        new("External secrets have the keys that are used", rendered =>
            from external in rendered.Of("ExternalSecret")
            let keys = Manifest.Items(external.At("spec", "data")).Select(d => d["secretKey"]!.ToString()).ToHashSet()
            from used in Used(rendered).Where(u => u.Secret == external.At("spec", "target", "name")?.ToString())
            where used.Key.Length > 0 && !keys.Contains(used.Key)
            select $"{external.Id}: lacks the key {used.Key}."),
        new("External secrets are complete", rendered => !rendered.Of("ExternalSecret").Any() ? [] : Used(rendered).Select(u => u.Secret).Distinct()
            .Except(rendered.Of("ExternalSecret").Select(e => e.At("spec", "target", "name")?.ToString() ?? ""))
            .Select(missing => $"{missing}: is used, and no ExternalSecret makes it.")),
    ];

    /// <summary>What processes, sidecars and KEDA read, each as often as it is read.</summary>
    public static IEnumerable<(string Secret, string Key)> Used(Rendered rendered) => rendered.Workloads
        .SelectMany(m => m.Containers).SelectMany(c => Manifest.Items(c["env"])).Select(v => v["valueFrom"]?["secretKeyRef"])
        .Concat(rendered.Of("Component").SelectMany(m => Manifest.Items(m.At("spec", "metadata"))).Select(m => m["secretKeyRef"]))
        .Concat(rendered.Of("TriggerAuthentication").SelectMany(m => Manifest.Items(m.At("spec", "secretTargetRef"))))
        .OfType<JsonNode>().Select(r => (r["name"]!.ToString(), r["key"]!.ToString()))
        .Concat(rendered.Workloads.SelectMany(Mounted))
        .Concat(from m in rendered.Workloads from a in m.PodAnnotations where a.Key is "dapr.io/api-token-secret" or "dapr.io/app-token-secret" select (a.Value, "token"));

    // A process is told the paths of its files: below where the volume is mounted, by the name of the key.
    private static IEnumerable<(string Secret, string Key)> Mounted(Manifest workload) =>
        from volume in Manifest.Items(workload.PodSpec!["volumes"])
        let secret = volume["secret"]?["secretName"]?.ToString()
        where secret is not null
        from mount in workload.Containers.SelectMany(c => Manifest.Items(c["volumeMounts"]))
        where mount["name"]!.ToString() == volume["name"]!.ToString()
        from value in Running.EnvironmentOf(workload).Values
        where value.StartsWith($"{mount["mountPath"]}/", StringComparison.Ordinal)
        select (secret, value[(mount["mountPath"]!.ToString().Length + 1)..]);

    private static bool IsSecret(string variable) =>
        variable.EndsWith("ConnectionString", StringComparison.Ordinal) || variable.EndsWith("RabbitMq__Uri", StringComparison.Ordinal) || variable.EndsWith("_TOKEN", StringComparison.Ordinal)
        || variable.EndsWith("ClientSecret", StringComparison.Ordinal) || variable.EndsWith("DeveloperToken", StringComparison.Ordinal) || variable.EndsWith("SigningKey", StringComparison.Ordinal);

    private static IEnumerable<string> Texts(JsonNode node) => node switch
    {
        JsonObject map => map.Where(p => p.Value is not null).SelectMany(p => Texts(p.Value!)),
        JsonArray list => list.Where(x => x is not null).SelectMany(x => Texts(x!)),
        _ => [node.ToString()],
    };

    [GeneratedRegex(@"(?i)password=|-----BEGIN|://[^/\s:]+:[^/\s@]+@")]
    private static partial Regex Secret();
}
