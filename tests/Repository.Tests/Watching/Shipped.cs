using System.Text.Json.Nodes;
using YamlDotNet.Serialization;

namespace CustomerInsights.Repository.Watching;

/// <summary>An alert of deploy/dashboards/alerts.yaml.</summary>
internal sealed record Alert(string Name, string Expression, string Severity, string Summary, string Runbook);

/// <summary>A panel of a dashboard.</summary>
internal sealed record Panel(string File, long Id, string Title, string Description, IReadOnlyList<string> Expressions);

/// <summary>The alerts and dashboards that the repository ships.</summary>
internal static class Shipped
{
    private const string Folder = "deploy/dashboards/";

    public static IReadOnlyList<Alert> Alerts { get; } =
    [
        .. from @group in Sequence(Map(new DeserializerBuilder().Build().Deserialize(new StringReader(Checkout.Read(Folder + "alerts.yaml"))))["groups"])
           from rule in Sequence(Map(@group)["rules"])
           let alert = Map(rule)
           let labels = Map(alert["labels"])
           let annotations = Map(alert["annotations"])
           select new Alert($"{alert["alert"]}", $"{alert["expr"]}", $"{labels["severity"]}", $"{annotations["summary"]}", $"{annotations["runbook"]}"),
    ];

    public static IReadOnlyList<(string File, JsonNode Json)> Dashboards { get; } =
        [.. Checkout.FilesUnder(Folder, ".json").Select(file => (file, JsonNode.Parse(Checkout.Read(file))!))];

    /// <summary>Rows without the panels below them are panels, too.</summary>
    public static IReadOnlyList<Panel> Panels { get; } =
    [
        .. from dashboard in Dashboards
           from panel in dashboard.Json["panels"]!.AsArray()
           select new Panel(
               dashboard.File, (long)panel["id"]!, $"{panel["title"]}", $"{panel["description"]}", [.. (panel["targets"]?.AsArray() ?? []).Select(target => $"{target!["expr"]}")]),
    ];

    /// <summary>Every expression with where it stands; of variables those that ask for the values of a label.</summary>
    public static IReadOnlyList<(string Place, string Expression)> Expressions { get; } =
    [
        .. Alerts.Select(alert => ($"{Folder}alerts.yaml, {alert.Name}", alert.Expression)),
        .. from panel in Panels
           from expression in panel.Expressions
           select ($"{panel.File}, {panel.Title}", expression),
        .. from dashboard in Dashboards
           from variable in dashboard.Json["templating"]!["list"]!.AsArray()
           where $"{variable!["type"]}" == "query"
           let asked = $"{variable["definition"]}"["label_values(".Length..^1].Split(',')
           select ($"{dashboard.File}, {variable["name"]}", $"sum by ({asked[1].Trim()}) ({asked[0]})"),
    ];

    private static IDictionary<object, object> Map(object? node) => (IDictionary<object, object>)node!;

    private static IEnumerable<object> Sequence(object node) => (IEnumerable<object>)node;
}
