using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CustomerInsights.Sandbox.Braze.Tracking;

/// <summary>
/// One spelling per value, so that equal values are equal bytes: no white space, and in texts an escape only for the
/// quote, the backslash and control characters. The framework's writers escape more than that.
/// </summary>
internal static class CanonicalJson
{
    private static readonly SearchValues<char> Escaped = SearchValues.Create([.. Enumerable.Range(0, 32).Select(c => (char)c), '"', '\\']);

    public static byte[] OfText(string text)
    {
        var json = new StringBuilder(text.Length + 2);
        Append(json, text);
        return Encoding.UTF8.GetBytes(json.ToString());
    }

    public static byte[] Of(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        using var document = JsonDocument.ParseValue(ref reader);
        return Of(document.RootElement);
    }

    public static byte[] Of(JsonElement element)
    {
        var json = new StringBuilder();
        Append(json, element);
        return Encoding.UTF8.GetBytes(json.ToString());
    }

    private static void Append(StringBuilder json, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Array:
                json.Append('[');
                foreach (var item in element.EnumerateArray())
                {
                    Append(json, item);
                    json.Append(',');
                }

                Close(json, ']');
                break;
            case JsonValueKind.Object:
                json.Append('{');
                foreach (var property in element.EnumerateObject())
                {
                    Append(json, property.Name);
                    json.Append(':');
                    Append(json, property.Value);
                    json.Append(',');
                }

                Close(json, '}');
                break;
            case JsonValueKind.String:
                Append(json, element.GetString()!);
                break;
            default:
                json.Append(element.GetRawText());
                break;
        }
    }

    private static void Append(StringBuilder json, string text)
    {
        json.Append('"');
        if (text.AsSpan().IndexOfAny(Escaped) < 0)
        {
            json.Append(text).Append('"');
            return;
        }

        foreach (var c in text)
        {
            _ = c is '"' or '\\' ? json.Append('\\').Append(c) : c < ' ' ? json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : json.Append(c);
        }

        json.Append('"');
    }

    private static void Close(StringBuilder json, char bracket)
    {
        if (json[^1] == ',')
        {
            json.Length--;
        }

        json.Append(bracket);
    }
}
