using System.Text.RegularExpressions;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Judging;

/// <summary>Documents are whole, and their names valid and unique.</summary>
internal static partial class Names
{
    private const int MaxLength = 63;

    public static IReadOnlyList<Rule> Rules { get; } =
    [
        new("Documents say what they are", rendered => rendered.All
            .Where(m => m.Kind.Length == 0 || m.Name.Length == 0 || m.At("apiVersion") is null)
            .Select(m => $"{m.Id}: lacks apiVersion, kind or name.")),
        new("Names are unique", rendered => rendered.All.GroupBy(m => m.Id).Where(same => same.Count() > 1).Select(same => $"{same.Key}: stands {same.Count()} times.")),
        new("Names are DNS labels", rendered => rendered.All
            .Where(m => m.Name.Length > MaxLength || !Label().IsMatch(m.Name))
            .Select(m => $"{m.Id}: at most {MaxLength} lower-case letters, digits and dashes.")),
        new("No holes in the text", rendered => rendered.Text.Split('\n')
            .Where(line => line.Contains('\t', StringComparison.Ordinal) || line.Contains("<no value>", StringComparison.Ordinal) || line.Contains("%!", StringComparison.Ordinal))
            .Select(line => $"{line.Trim()}: a tab, a missing value or a wrong format.")),
        new("Labels are the standard ones", rendered =>
            from manifest in rendered.All
            let labels = Manifest.Texts(manifest.At("metadata", "labels"))
            from label in new[] { "name", "instance", "component", "part-of", "version", "managed-by" }
            where !labels.ContainsKey($"app.kubernetes.io/{label}")
            select $"{manifest.Id}: lacks the label app.kubernetes.io/{label}."),
        new("Environment variables stand once", rendered =>
            from manifest in rendered.Workloads
            from container in manifest.Containers
            from same in Manifest.Items(container["env"]).GroupBy(variable => variable["name"]!.ToString())
            where same.Count() > 1
            select $"{manifest.Id}: sets {same.Key} {same.Count()} times."),
    ];

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
    private static partial Regex Label();
}
