using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.Reference.Writing;
using CustomerInsights.Repository.Contracts;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using YamlDotNet.Serialization;

namespace CustomerInsights.Repository.Events;

/// <summary>docs/api/asyncapi.yaml is what the contracts say, is AsyncAPI, and describes the events as they are on the wire.</summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class AsyncApiTests
{
    private const string Document = "docs/api/asyncapi.yaml";

    [Test]
    public async Task The_document_says_what_the_contracts_say() => Assert.That(
        Checkout.Read(Document),
        Is.EqualTo(AsyncApi.Write(await Described.PackagesAsync(), Reference.Reading.EventTable.Read(Checkout.Read("protos/README.md")))),
        "Run eng/protos.sh generate.");

    [Test]
    public async Task The_document_and_events_of_every_topic_are_valid()
    {
        var events = EventTable.Rows.ToDictionary(row => row.Topic, row => new[] { EventOf(row, isFilled: true), EventOf(row, isFilled: false) });
        Assert.That(await ViolationsAsync(Read(), events), Is.Empty);
    }

    [Test]
    public async Task The_event_that_the_contracts_show_is_valid()
    {
        var shown = JsonNode.Parse(Example().Match(Checkout.Read("protos/README.md")).Groups[1].Value)!.AsObject();
        Assert.That(await ViolationsAsync(Read(), new() { ["segments.refresh-requested.v1"] = [shown] }), Is.Empty);
    }

    [TestCase("operations/exports-sends-exports.export-deleted.v1/action", "\"publish\"")]
    [TestCase("channels/exports.export-deleted.v1/bindings/amqp/exchange/type", "\"fan\"")]
    [TestCase("channels/exports.export-deleted.v1/adress", "\"x\"")]
    [TestCase("channels/exports.export-deleted.v1/messages/ExportDeleted/$ref", "\"#/components/messages/gone\"")]
    [TestCase("info/version", "1")]
    public async Task A_broken_document_is_not(string path, string value)
    {
        var broken = Read();
        var parts = path.Split('/');
        parts[..^1].Aggregate((JsonNode)broken, (node, part) => node[part]!)[parts[^1]] = JsonNode.Parse(value);
        Assert.That(await ViolationsAsync(broken, []), Is.Not.Empty);
    }

    [TestCase("type", "\"com.customerinsights.exports.export-deleted.v2\"")]
    [TestCase("source", "null")]
    [TestCase("data/version", "true")]
    [TestCase("data/memberCount", "\"many\"")]
    [TestCase("data", "[]")]
    public async Task A_broken_event_is_not(string path, string value)
    {
        var row = EventTable.Rows.Single(r => r.Topic == "segments.segment-refreshed.v1");
        var broken = EventOf(row, isFilled: true);
        var parts = path.Split('/');
        parts[..^1].Aggregate((JsonNode)broken, (node, part) => node[part]!)[parts[^1]] = JsonNode.Parse(value);
        Assert.That(await ViolationsAsync(Read(), new() { [row.Topic] = [broken] }), Is.Not.Empty);
    }

    [TestCase("no", "a: \"no\"\n")]
    [TestCase("1.0", "a: \"1.0\"\n")]
    [TestCase("two words", "a: two words\n")]
    [TestCase("a: b # \"c\"", "a: \"a: b # \\\"c\\\"\"\n")]
    [TestCase("", "a: \"\"\n")]
    public void Text_stays_text(string text, string yaml) => Assert.That(Yaml.Write(new JsonObject { ["a"] = text }), Is.EqualTo(yaml));

    [Test]
    public void Lists_and_maps_keep_their_shape()
    {
        var tree = JsonNode.Parse("""{"a": [{"b": 1, "c": ["d", true]}, "e"], "$ref": "#/x", "f g": {}, "h": []}""")!.AsObject();
        Assert.That(JsonNode.DeepEquals(Parse(Yaml.Write(tree)), tree), Is.True, Yaml.Write(tree));
    }

    private static JsonObject Read() => Parse(Checkout.Read(Document));

    private static JsonObject Parse(string yaml)
    {
        var tree = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize(new StringReader(yaml));
        return JsonNode.Parse(new SerializerBuilder().JsonCompatible().Build().Serialize(tree))!.AsObject();
    }

    private static JsonObject EventOf(EventRow row, bool isFilled)
    {
        var message = EventsReflection.Descriptor.MessageTypes.Single(type => type.Name == row.Message);
        var data = (IMessage)Activator.CreateInstance(message.ClrType)!;
        foreach (var field in message.Fields.InDeclarationOrder().Where(_ => isFilled))
        {
            field.Accessor.SetValue(data, Some(field));
        }

        return new JsonObject
        {
            ["specversion"] = "1.0",
            ["id"] = "0199c0de",
            ["source"] = "/customer-insights/test",
            ["type"] = $"com.customerinsights.{row.Topic}",
            ["subject"] = "environments/contoso",
            ["time"] = "2026-11-25T12:00:00.000000Z",
            ["datacontenttype"] = "application/json",
            ["data"] = JsonNode.Parse(JsonFormatter.Default.Format(data)),
        };
    }

    private static object Some(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String => "environments/contoso",
        FieldType.Int64 => 7L,
        FieldType.Message when field.MessageType.FullName == Timestamp.Descriptor.FullName => Timestamp.FromDateTime(DateTime.UnixEpoch),
        _ => throw new InvalidOperationException($"Say here what {field.FullName} may hold."),
    };

    private static async Task<string> ViolationsAsync(JsonObject document, Dictionary<string, JsonObject[]> events)
    {
        var file = Path.GetTempFileName();
        try
        {
            var input = new JsonObject
            {
                ["document"] = document,
                ["events"] = new JsonObject(events.Select(topic => KeyValuePair.Create(topic.Key, (JsonNode?)new JsonArray([.. topic.Value])))),
            };
            await File.WriteAllTextAsync(file, input.ToJsonString(), TestContext.CurrentContext.CancellationToken);
            var run = await Command.RunAsync(Checkout.Root, "node", ["tests/Conformance/Events/validate.mjs", file]);
            run.MustSucceed();
            return run.Text;
        }
        finally
        {
            File.Delete(file);
        }
    }

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
