using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CustomerInsights.Reference.Writing;

/// <summary>JSON as YAML in blocks. What could be read as anything but text is quoted as in JSON, which YAML reads alike.</summary>
internal static partial class Yaml
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string[] NoText = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

    public static string Write(JsonObject document)
    {
        var text = new StringBuilder();
        WriteMap(text, document, 0);
        return text.ToString();
    }

    private static void WriteMap(StringBuilder text, JsonObject map, int indent)
    {
        foreach (var (key, value) in map)
        {
            text.Append(' ', indent).Append(Key().IsMatch(key) ? key : Quote(key)).Append(':');
            WriteValue(text, value, indent + 2);
        }
    }

    private static void WriteValue(StringBuilder text, JsonNode? value, int indent)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } map:
                text.Append('\n');
                WriteMap(text, map, indent);
                break;
            case JsonArray { Count: > 0 } list:
                text.Append('\n');
                foreach (var item in list)
                {
                    WriteItem(text, item, indent);
                }

                break;
            default:
                text.Append(' ').Append(Scalar(value)).Append('\n');
                break;
        }
    }

    // The first line of an item stands behind its dash.
    private static void WriteItem(StringBuilder text, JsonNode? item, int indent)
    {
        var inner = new StringBuilder();
        if (item is JsonObject { Count: > 0 } map)
        {
            WriteMap(inner, map, indent + 2);
            inner.Remove(0, indent + 2);
        }
        else
        {
            inner.Append(Scalar(item)).Append('\n');
        }

        text.Append(' ', indent).Append("- ").Append(inner);
    }

    private static string Scalar(JsonNode? value) =>
        value?.GetValueKind() == JsonValueKind.String && value.GetValue<string>() is var words && Plain().IsMatch(words) && !NoText.Contains(words, StringComparer.OrdinalIgnoreCase)
            ? words
            : value?.ToJsonString(Readable) ?? "null";

    private static string Quote(string words) => JsonSerializer.Serialize(words, Readable);

    [GeneratedRegex(@"^[A-Za-z$][\w.$-]*$")]
    private static partial Regex Key();

    [GeneratedRegex(@"^[A-Za-z][\w.-]*(?: [\w.-]+)*$|^[A-Za-z][\w.+-]*/[\w.+-]+$")]
    private static partial Regex Plain();
}
