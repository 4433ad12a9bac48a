using System.Text.Json.Nodes;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Judging;

/// <summary>The chart's files/topology.yaml.</summary>
internal static class Topology
{
    private static readonly Lazy<JsonObject> File = new(() => Yaml.Read(Checkout.Read($"{Chart.Folder}/files/topology.yaml")));

    public static IEnumerable<string> AppIds => File.Value.Select(pair => pair.Key);

    public static IEnumerable<string> SubscribedBy(string appId) => Manifest.Texts(File.Value[appId]?["subscribes"]).Values;

    public static IEnumerable<string> PublishedBy(string appId) => Manifest.Items(File.Value[appId]?["publishes"]).Select(topic => topic.ToString());

    public static IEnumerable<string> CallsOf(string appId) =>
        (File.Value[appId]?["calls"] as JsonObject ?? []).SelectMany(peer => Manifest.Items(peer.Value).Select(service => $"{peer.Key} {service}"));

    public static bool GoesOutside(string appId) => File.Value[appId]!["goesOutside"]!.GetValue<bool>();
}
