using System.Text.Json.Nodes;
using CustomerInsights.Reference.Reading;

namespace CustomerInsights.Reference.Writing;

/// <summary>The events of all processes as one AsyncAPI 3.0 document. The same contracts give the same bytes.</summary>
internal sealed class AsyncApi(Package events)
{
    public const string Name = "asyncapi.yaml";

    private const string EventsPackage = "customerinsights.events.v1";
    private const string CloudEvent = "CloudEvent";
    private const string Binding = "0.3.0";

    /// <summary>The document.</summary>
    /// <param name="packages">The contracts, the package of events among them.</param>
    /// <param name="topics">The table of events.</param>
    public static string Write(IReadOnlyList<Package> packages, IReadOnlyList<TopicRow> topics) =>
        "# Generated from protos/ by eng/protos.sh generate; edit the comments and the table of events there.\n"
        + Yaml.Write(new AsyncApi(packages.Single(package => package.Name == EventsPackage)).Document(topics));

    private JsonObject Document(IReadOnlyList<TopicRow> topics) => new()
    {
        ["asyncapi"] = "3.0.0",
        ["info"] = new JsonObject
        {
            ["title"] = "CustomerInsights events",
            ["version"] = EventsPackage.Split('.')[^1][1..],
            ["description"] = "What the processes of CustomerInsights publish and subscribe to, told as one application: CloudEvents 1.0 in structured JSON, delivered at least once and"
                + " in no promised order. Topics with the tag \"public\" are for anybody with a RabbitMQ or Dapr client; the others are between our processes. A topic is a durable fanout"
                + " exchange of its name, a subscriber's queue is \"<app id>-<topic>\". Events carry ids, versions, counts and times, never personal data.",
            ["license"] = new JsonObject { ["name"] = "MIT" },
        },
        ["defaultContentType"] = "application/cloudevents+json",
        ["servers"] = new JsonObject
        {
            ["broker"] = new JsonObject
            {
                ["host"] = "rabbitmq.example.com:5671",
                ["protocol"] = "amqps",
                ["protocolVersion"] = "0.9.1",
                ["description"] = "The RabbitMQ of an installation.",
            },
        },
        ["channels"] = Map(topics, topic => topic.Topic, Channel),
        ["operations"] = Map(topics.SelectMany(Operations), operation => operation.Name, operation => operation.Json),
        ["components"] = new JsonObject
        {
            ["messages"] = Map(topics, topic => topic.Topic, MessageOf),
            ["schemas"] = Map(events.Messages.Select(message => (message.Name, Json: SchemaOf(message))).Prepend((CloudEvent, CloudEventSchema())), schema => schema.Item1, schema => schema.Item2),
        },
    };

    private static JsonObject Channel(TopicRow topic)
    {
        var channel = new JsonObject
        {
            ["address"] = topic.Topic,
            ["description"] = $"Says that {topic.Says}.",
            ["messages"] = new JsonObject { [topic.Message] = Reference("components/messages", topic.Topic) },
            ["bindings"] = new JsonObject
            {
                ["amqp"] = new JsonObject
                {
                    ["is"] = "routingKey",
                    ["exchange"] = new JsonObject { ["name"] = topic.Topic, ["type"] = "fanout", ["durable"] = true, ["autoDelete"] = false },
                    ["bindingVersion"] = Binding,
                },
            },
        };
        if (topic.IsPublic)
        {
            channel["tags"] = Tags(TopicRow.Public);
        }

        return channel;
    }

    private static IEnumerable<(string Name, JsonObject Json)> Operations(TopicRow topic) =>
        topic.Publishers.Where(app => app != TopicRow.Public).Select(app => ($"{app}-sends-{topic.Topic}", Operation(topic, app, "send", $"{app} publishes it.")))
            .Concat(topic.Subscribers.Where(app => app != TopicRow.Public)
                .Select(app => ($"{app}-receives-{topic.Topic}", Operation(topic, app, "receive", $"{app} takes it from the queue \"{app}-{topic.Topic}\"."))));

    private static JsonObject Operation(TopicRow topic, string app, string action, string summary) => new()
    {
        ["action"] = action,
        ["channel"] = Reference("channels", topic.Topic),
        ["summary"] = summary,
        ["messages"] = new JsonArray(Reference($"channels/{topic.Topic}/messages", topic.Message)),
        ["tags"] = Tags(app),
    };

    private JsonObject MessageOf(TopicRow topic) => new()
    {
        ["name"] = topic.Topic,
        ["title"] = topic.Message,
        ["summary"] = $"Says that {topic.Says}.",
        ["contentType"] = "application/cloudevents+json",
        ["payload"] = new JsonObject
        {
            ["allOf"] = new JsonArray(
                Reference("components/schemas", CloudEvent),
                new JsonObject
                {
                    ["properties"] = new JsonObject
                    {
                        ["type"] = new JsonObject { ["const"] = $"com.customerinsights.{topic.Topic}" },
                        ["data"] = Reference("components/schemas", events.Messages.Single(message => message.Name == topic.Message).Name),
                    },
                }),
        },
    };

    private static JsonObject CloudEventSchema() => new()
    {
        ["type"] = "object",
        ["description"] = "A CloudEvent 1.0 in structured JSON, at most 64 KiB. Further attributes are passed over.",
        ["required"] = new JsonArray("specversion", "id", "source", "type", "data"),
        ["properties"] = new JsonObject
        {
            ["specversion"] = new JsonObject { ["const"] = "1.0" },
            ["id"] = Text("Identifies the event together with its source: sent twice, it counts once."),
            ["source"] = Text("Who publishes it: \"/customer-insights/<app id>\", or what an outside publisher calls itself."),
            ["type"] = Text("\"com.customerinsights.\" and the topic."),
            ["subject"] = Text("Resource name of what it is about."),
            ["time"] = new JsonObject { ["type"] = "string", ["format"] = "date-time", ["description"] = "When it happened, UTC." },
            ["datacontenttype"] = new JsonObject { ["const"] = "application/json" },
            ["traceparent"] = Text("W3C trace context of what caused it."),
            ["data"] = new JsonObject { ["type"] = "object", ["description"] = "The message, as protobuf writes it in JSON." },
        },
    };

    private static JsonObject SchemaOf(Message message) => new()
    {
        ["type"] = "object",
        ["description"] = string.Join(' ', message.Comment.Text),
        ["properties"] = Map(message.Fields, field => JsonName(field.Name), Property),
    };

    // Protobuf writes 64-bit integers as text and reads both; values that are the default of their type are left out.
    private static JsonObject Property(Field field)
    {
        var property = field.Type.Name switch
        {
            "string" => new JsonObject { ["type"] = "string" },
            "int64" => new JsonObject { ["type"] = new JsonArray("string", "integer"), ["pattern"] = "^-?[0-9]+$" },
            "google.protobuf.Timestamp" => new JsonObject { ["type"] = "string", ["format"] = "date-time" },
            _ => throw new InvalidOperationException($"Say here what {field.Type.Name} of the field {field.Name} is in JSON."),
        };
        property["description"] = string.Join(' ', field.Comment.Text);
        return field.Label == "repeated" ? new JsonObject { ["type"] = "array", ["items"] = property } : property;
    }

    private static string JsonName(string name) => string.Concat(name.Split('_').Select((part, i) => i == 0 ? part : char.ToUpperInvariant(part[0]) + part[1..]));

    private static JsonObject Map<T>(IEnumerable<T> items, Func<T, string> key, Func<T, JsonNode?> value) =>
        new(items.Select(item => KeyValuePair.Create(key(item), value(item))));

    private static JsonObject Reference(string folder, string name) => new() { ["$ref"] = $"#/{folder}/{name}" };

    private static JsonArray Tags(string name) => new(new JsonObject { ["name"] = name });

    private static JsonObject Text(string description) => new() { ["type"] = "string", ["description"] = description };
}
