using Google.Protobuf;

namespace CustomerInsights.EndToEnd.Tracing;

/// <summary>What a collector is told of one step, as far as these tests read it: https://opentelemetry.io/docs/specs/otlp/.</summary>
internal sealed record Span(string Service, string TraceId, string Id, string ParentId, string Name, ulong Began, IReadOnlyDictionary<string, string> Attributes)
{
    // Fields of ExportTraceServiceRequest, ResourceSpans, Resource, ScopeSpans, Span, KeyValue and AnyValue.
    private const int OnlyRepeated = 1, Resource = 1, ScopeSpans = 2, Spans = 2, ResourceAttribute = 1;
    private const int TraceIdField = 1, IdField = 2, ParentField = 4, NameField = 5, BeganField = 7, Attribute = 9;
    private const int Key = 1, Value = 2, Text = 1;

    /// <summary>The spans of one export.</summary>
    public static IEnumerable<Span> ReadAll(byte[] export)
    {
        foreach (var ofResource in Messages(export, OnlyRepeated))
        {
            var resource = Messages(ofResource, Resource).SelectMany(message => Pairs(message, ResourceAttribute)).ToDictionary(pair => pair.Key, pair => pair.Value);
            foreach (var span in Messages(ofResource, ScopeSpans).SelectMany(scope => Messages(scope, Spans)))
            {
                yield return Read(resource.GetValueOrDefault("service.name", "?"), span);
            }
        }
    }

    private static Span Read(string service, byte[] message)
    {
        var attributes = new Dictionary<string, string>();
        foreach (var (key, value) in Pairs(message, Attribute))
        {
            attributes[key] = value;
        }

        return new Span(
            service, Hex(message, TraceIdField), Hex(message, IdField), Hex(message, ParentField), TextOf(message, NameField) ?? "", BeganOf(message), attributes);
    }

    private static IEnumerable<(string Key, string Value)> Pairs(byte[] message, int field) => Messages(message, field)
        .Select(pair => (TextOf(pair, Key) ?? "", Messages(pair, Value).Select(value => TextOf(value, Text)).FirstOrDefault() ?? ""));

    private static string Hex(byte[] message, int field) => Convert.ToHexStringLower(Messages(message, field).FirstOrDefault() ?? []);

    private static string? TextOf(byte[] message, int field) => Messages(message, field).FirstOrDefault() is { } bytes ? System.Text.Encoding.UTF8.GetString(bytes) : null;

    /// <summary>What stands in a field with a length: bytes, text or a message.</summary>
    private static List<byte[]> Messages(byte[] message, int field)
    {
        var found = new List<byte[]>();
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == field && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                found.Add(input.ReadBytes().ToByteArray());
            }
            else
            {
                input.SkipLastField();
            }
        }

        return found;
    }

    private static ulong BeganOf(byte[] message)
    {
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == BeganField)
            {
                return input.ReadFixed64();
            }

            input.SkipLastField();
        }

        return 0;
    }
}
