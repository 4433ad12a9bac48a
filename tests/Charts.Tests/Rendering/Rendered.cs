using System.Text.Json.Nodes;

namespace CustomerInsights.Charts.Rendering;

/// <summary>What a chart rendered.</summary>
/// <param name="Name">Of the values in ci/.</param>
/// <param name="Text">As it came.</param>
/// <param name="All">Each document.</param>
internal sealed record Rendered(string Name, string Text, IReadOnlyList<Manifest> All)
{
    public Rendered(string name, string text)
        : this(name, text, [.. Yaml.ReadAll(text).Select(node => new Manifest(node.AsObject()))])
    {
    }

    public IEnumerable<Manifest> Deployments => Of("Deployment");

    /// <summary>Everything that has pods.</summary>
    public IEnumerable<Manifest> Workloads => All.Where(manifest => manifest.PodSpec is not null);

    public IEnumerable<Manifest> Of(string kind) => All.Where(manifest => manifest.Kind == kind);

    /// <summary>A copy that may be changed, with one change.</summary>
    public Rendered Broken(Action<Rendered> change)
    {
        var copy = this with { All = [.. All.Select(manifest => new Manifest(manifest.Json.DeepClone().AsObject()))] };
        change(copy);
        return copy;
    }
}

/// <summary>One resource.</summary>
internal sealed record Manifest(JsonObject Json)
{
    public string Kind => Text(Json, "kind");

    public string Name => Text(Json, "metadata", "name");

    public string Id => $"{Kind}/{Name}";

    public JsonObject Spec => At("spec")?.AsObject() ?? [];

    /// <summary>The template of a workload's pods, or the pod itself.</summary>
    public JsonObject? PodTemplate => Kind switch
    {
        "Deployment" or "Job" => At("spec", "template")?.AsObject(),
        "Pod" => Json,
        _ => null,
    };

    public JsonObject? PodSpec => PodTemplate?["spec"]?.AsObject();

    public IReadOnlyDictionary<string, string> PodLabels => Texts(PodTemplate?["metadata"]?["labels"]);

    public IReadOnlyDictionary<string, string> PodAnnotations => Texts(PodTemplate?["metadata"]?["annotations"]);

    public IReadOnlyDictionary<string, string> Annotations => Texts(At("metadata", "annotations"));

    public IEnumerable<JsonObject> Containers =>
        Items(PodSpec?["initContainers"]).Concat(Items(PodSpec?["containers"])).Select(node => node.AsObject());

    public IEnumerable<string> Scopes => Items(Json["scopes"]).Select(scope => scope.GetValue<string>());

    public JsonNode? At(params ReadOnlySpan<string> path)
    {
        JsonNode? node = Json;
        foreach (var key in path)
        {
            node = (node as JsonObject)?[key];
        }

        return node;
    }

    public static IEnumerable<JsonNode> Items(JsonNode? list) => (list as JsonArray)?.OfType<JsonNode>() ?? [];

    public static IReadOnlyDictionary<string, string> Texts(JsonNode? map) =>
        (map as JsonObject)?.ToDictionary(pair => pair.Key, pair => pair.Value?.ToString() ?? "") ?? [];

    private static string Text(JsonObject json, params ReadOnlySpan<string> path) => new Manifest(json).At(path)?.ToString() ?? "";
}
