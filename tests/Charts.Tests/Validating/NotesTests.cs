using System.Text.RegularExpressions;
using CustomerInsights.Charts.Judging;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Validating;

/// <summary>NOTES.txt, which whoever installed the chart reads first.</summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class NotesTests
{
    [TestCaseSource(typeof(Chart), nameof(Chart.CiValues))]
    public void Name_the_Secrets_that_are_read(string ci)
    {
        var rendered = Chart.With(ci);
        var listed = Listed().Matches(Chart.NotesWith(ci)).Select(match => (Name: match.Groups[1].Value, Type: match.Groups[2].Value, Keys: match.Groups[3].Value)).ToList();
        var images = rendered.Workloads.SelectMany(m => Manifest.Items(m.PodSpec!["imagePullSecrets"])).Select(secret => (Secret: secret["name"]!.ToString(), Key: ".dockerconfigjson"));
        var read = from used in Secrets.Used(rendered).Concat(images).Distinct()
            group used.Key by used.Secret into secret
            let keys = string.Join(", ", secret.Order(StringComparer.Ordinal))
            select (secret.Key, TypeOf(keys), keys);
        Assert.That(listed, Is.EquivalentTo(read));
        var made = rendered.Of("ExternalSecret").Select(e => e.Name);
        Assert.That(FromStore().Matches(Chart.NotesWith(ci)).Select(match => match.Groups[1].Value), Is.EquivalentTo(made));
    }

    private static string TypeOf(string keys) => keys switch
    {
        "tls.crt, tls.key" => "kubernetes.io/tls",
        ".dockerconfigjson" => "kubernetes.io/dockerconfigjson",
        _ => "Opaque",
    };

    [GeneratedRegex(@"^  (\S+) \(([\w./]+)\): ([\w., -]+?)(?:, made from the external store)?$", RegexOptions.Multiline)]
    private static partial Regex Listed();

    [GeneratedRegex(@"^  (\S+) \(.*, made from the external store$", RegexOptions.Multiline)]
    private static partial Regex FromStore();
}
