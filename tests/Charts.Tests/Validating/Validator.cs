using System.Text.Json.Nodes;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Validating;

/// <summary>Other people's schemas of Kubernetes' kinds, and JSON Schema: tests/Conformance/Manifests/validate.mjs.</summary>
internal static class Validator
{
    /// <summary>One line for each violation.</summary>
    public static IReadOnlyList<string> Validate(IEnumerable<Rendered> rendered) =>
        Run(new JsonObject { ["manifests"] = new JsonObject(rendered.Select(r => KeyValuePair.Create(r.Name, (JsonNode?)new JsonArray([.. r.All.Select(m => m.Json.DeepClone())])))) });

    public static IReadOnlyList<string> Validate(JsonNode schema, IEnumerable<KeyValuePair<string, JsonNode>> values) =>
        Run(new JsonObject { ["schema"] = schema.DeepClone(), ["values"] = new JsonObject(values.Select(v => KeyValuePair.Create(v.Key, (JsonNode?)v.Value.DeepClone()))) });

    private static string[] Run(JsonObject input)
    {
        var run = Command.Run("node", [Checkout.PathOf("tests/Conformance/Manifests/validate.mjs")], input.ToJsonString());
        Assert.That(run.Code, Is.Zero, run.Errors);
        return run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
