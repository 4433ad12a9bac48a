using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CustomerInsights.ServiceDefaults.Events;

/// <summary>Reads CloudEvents of anybody: tolerant of unknown members, strict about what the inbox and the handlers rely on.</summary>
internal static class CloudEventReader
{
    private const int MaxId = 256;
    private const int MaxSource = 512;
    private const int MaxText = 1024;
    private static readonly byte[] ByteOrderMark = [0xEF, 0xBB, 0xBF];

    /// <summary>The event, or the reason why it is none.</summary>
    public static (CloudEvent? Event, string Reason) Read(ReadOnlyMemory<byte> body)
    {
        if (body.Length > CloudEvent.MaxBytes)
        {
            return (null, "TOO_LARGE");
        }

        try
        {
            var json = body.Span.StartsWith(ByteOrderMark) ? body[ByteOrderMark.Length..] : body;
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object ? Read(document.RootElement) : (null, "NOT_A_CLOUDEVENT");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or DecoderFallbackException)
        {
            // InvalidOperationException: a text with half a surrogate pair, which only shows when it is read.
            return (null, "NOT_JSON");
        }
    }

    private static (CloudEvent? Event, string Reason) Read(JsonElement root)
    {
        var id = Text(root, "id", MaxId);
        var source = Text(root, "source", MaxSource);
        var type = Text(root, "type", MaxText);
        var subject = Text(root, "subject", MaxText);
        if (Text(root, "specversion", MaxText) != "1.0" || string.IsNullOrEmpty(id) || string.IsNullOrEmpty(source) || string.IsNullOrEmpty(type) || subject is null)
        {
            return (null, "NOT_A_CLOUDEVENT");
        }

        var time = Text(root, "time", MaxText);
        if (!TryReadTime(time, out var when))
        {
            return (null, "INVALID_TIME");
        }

        var traceParent = Text(root, "traceparent", MaxText);
        return ReadData(root) is { } data
            ? (new CloudEvent(id, source, type, subject, when, string.IsNullOrEmpty(traceParent) ? null : traceParent, data), "")
            : (null, "DATA_NOT_JSON");
    }

    // Null for anything that is no usable text: too long, or with control characters, which PostgreSQL would refuse to store.
    private static string? Text(JsonElement root, string name, int maxLength)
    {
        if (!root.TryGetProperty(name, out var member) || member.ValueKind == JsonValueKind.Null)
        {
            return "";
        }

        var text = member.ValueKind == JsonValueKind.String ? member.GetString()! : null;
        return text is not null && text.Length <= maxLength && !text.Any(char.IsControl) ? text : null;
    }

    private static bool TryReadTime(string? text, out DateTimeOffset? time)
    {
        time = null;
        if (text is "")
        {
            return true;
        }

        var valid = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var parsed);
        time = valid ? parsed : null;
        return valid;
    }

    private static string? ReadData(JsonElement root)
    {
        var type = Text(root, "datacontenttype", MaxText);
        var mediaType = type?.Split(';')[0].Trim();
        if (mediaType is null || !(mediaType.Length == 0 || mediaType.EndsWith("/json", StringComparison.OrdinalIgnoreCase) || mediaType.EndsWith("+json", StringComparison.OrdinalIgnoreCase)))
        {
            return null;
        }

        if (root.TryGetProperty("data_base64", out var encoded) && encoded.ValueKind != JsonValueKind.Null)
        {
            return encoded.ValueKind == JsonValueKind.String && encoded.TryGetBytesFromBase64(out var bytes)
                ? new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes)
                : null;
        }

        return root.TryGetProperty("data", out var data) && data.ValueKind != JsonValueKind.Null ? data.GetRawText() : "{}";
    }
}
