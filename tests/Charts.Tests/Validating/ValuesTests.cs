using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Validating;

/// <summary>values.yaml, its comments, its schema, and the values of ci/.</summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class ValuesTests
{
    private static readonly JsonObject Values = Yaml.Read(Checkout.Read($"{Chart.Folder}/values.yaml"));
    private static readonly JsonObject Schema = JsonNode.Parse(Checkout.Read($"{Chart.Folder}/values.schema.json"))!.AsObject();

    [Test]
    public void Values_fit_their_schema()
    {
        var violations = Validator.Validate(Schema, Chart.CiValues.Select(ci => KeyValuePair.Create(ci, (JsonNode)Over(Values, Yaml.Read(Checkout.Read($"{Chart.Folder}/ci/{ci}-values.yaml"))))));
        Assert.That(violations, Is.Empty, string.Join(Environment.NewLine, violations));
    }

    [Test]
    public void Wrong_values_do_not()
    {
        string[] wrong =
        [
            "eventz: {}", "events: { transport: kafka }", "services: { enviroments: {} }", "workers: { braze: { replicas: 0 } }", "workers: { braze: { autoscaling: { minReplicas: 0 } } }",
            "workers: { braze: { settings: { 'Braze:RequestPerWindow': '5' } } }", "workers: { braze: { settings: { 'Braze:RequestsPerWindow': 5 } } }", "image: { tag: latest }",
            "services: { segments: { temporaryStorage: many } }", "authentication: { authority: 'http://login.example.com' }", "defaults: { image: { digest: 'sha256:12' } }",
            "dapr: { pubsub: { prefetchCount: 0 } }", "networkPolicy: { outside: { ports: [] } }", "publicAddress: 'https://insights.example.com'", "migrations: { hook: flux }",
        ];
        var found = Validator.Validate(Schema, wrong.Select(text => KeyValuePair.Create(text, (JsonNode)Over(Values, Yaml.Read(text)))));
        Assert.That(wrong.Where(text => !found.Any(v => v.StartsWith(text, StringComparison.Ordinal))), Is.Empty, "These are taken as right.");
    }

    [Test]
    public void Schema_and_values_know_the_same_keys()
    {
        var inSchema = KeysOf(Schema, "").Order(StringComparer.Ordinal);
        var inValues = KeysOf(Values, "", (key, _) => key is not ("services" or "workers")).Order(StringComparer.Ordinal);
        Assert.That(inSchema, Is.EqualTo(inValues));
    }

    [TestCase("services")]
    [TestCase("workers")]
    public void Schema_knows_the_components(string kind) => Assert.That(
        Schema["properties"]![kind]!["properties"]!.AsObject().Select(p => p.Key), Is.EquivalentTo(Values[kind]!.AsObject().Select(p => p.Key)));

    [Test]
    public void Every_key_has_a_comment_that_begins_with_its_name()
    {
        var lines = Checkout.Read($"{Chart.Folder}/values.yaml").Split('\n');
        var path = new List<(int Indent, string Key)>();
        var missing = new List<string>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (Key().Match(lines[i]) is not { Success: true } match)
            {
                continue;
            }

            var indent = match.Groups[1].Length;
            path.RemoveAll(above => above.Indent >= indent);
            path.Add((indent, match.Groups[2].Value));
            var name = string.Join('.', path.Select(p => p.Key));
            if (!name.EndsWith(".matchLabels", StringComparison.Ordinal) && !lines[Math.Max(0, i - 1)].TrimStart().StartsWith($"# {name} ", StringComparison.Ordinal))
            {
                missing.Add(name);
            }
        }

        Assert.That(missing, Is.Empty);
    }

    private static JsonObject Over(JsonObject under, JsonObject over)
    {
        var merged = under.DeepClone().AsObject();
        foreach (var (key, value) in over)
        {
            merged[key] = value is JsonObject map && merged[key] is JsonObject below ? Over(below, map) : value?.DeepClone();
        }

        return merged;
    }

    // Maps whose keys are up to the user, and the component, which stands behind a reference.
    private static IEnumerable<string> KeysOf(JsonObject schema, string path)
    {
        var resolved = schema["$ref"]?.ToString() is { } reference ? Schema["$defs"]![reference["#/$defs/".Length..]]!.AsObject() : schema;
        var properties = resolved["properties"] as JsonObject;
        return properties is null || path is "services" or "workers" or "customer-insights-lib" || path.EndsWith(".settings", StringComparison.Ordinal)
            ? path == "customer-insights-lib" ? [] : [path]
            : path.EndsWith(".resources", StringComparison.Ordinal) ? [path]
            : properties.SelectMany(p => KeysOf(p.Value!.AsObject(), Join(path, p.Key)));
    }

    private static IEnumerable<string> KeysOf(JsonObject values, string path, Func<string, JsonNode?, bool> enter) => values.SelectMany(pair => Join(path, pair.Key) is var key
        && pair.Value is JsonObject { Count: > 0 } map && enter(key, map) && !key.EndsWith(".resources", StringComparison.Ordinal) ? KeysOf(map, key, enter) : [Join(path, pair.Key)]);

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    [GeneratedRegex(@"^( *)([A-Za-z][\w-]*):")]
    private static partial Regex Key();
}
