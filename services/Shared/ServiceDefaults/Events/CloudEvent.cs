using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace CustomerInsights.ServiceDefaults.Events;

/// <summary>A CloudEvent 1.0 in structured JSON, as far as this system uses it.</summary>
/// <param name="Id">With <paramref name="Source"/> unique per distinct event.</param>
/// <param name="Source">URI reference of the sender.</param>
/// <param name="Type">Reverse-DNS name with version.</param>
/// <param name="Subject">Resource name; may be empty.</param>
/// <param name="Time">When the fact happened; null when not told.</param>
/// <param name="TraceParent">W3C trace context; null when not told.</param>
/// <param name="Data">The data as JSON text.</param>
internal sealed record CloudEvent(string Id, string Source, string Type, string Subject, DateTimeOffset? Time, string? TraceParent, string Data)
{
    /// <summary>Media type of the whole.</summary>
    public const string ContentType = "application/cloudevents+json";

    /// <summary>Size that every CloudEvents intermediary forwards, envelope included; we neither send nor take more.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Source of the events of a process.</summary>
    public static string SourceOf(string appId) => $"/customer-insights/{appId}";

    /// <summary>Type of the events of a topic.</summary>
    public static string TypeOf(string topic) => $"com.customerinsights.{topic}";

    public byte[] ToUtf8()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("specversion", "1.0");
            json.WriteString("id", Id);
            json.WriteString("source", Source);
            json.WriteString("type", Type);
            if (Subject.Length > 0)
            {
                json.WriteString("subject", Subject);
            }

            if (Time is { } time)
            {
                json.WriteString("time", time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
            }

            if (TraceParent is not null)
            {
                json.WriteString("traceparent", TraceParent);
            }

            json.WriteString("datacontenttype", "application/json");
            json.WritePropertyName("data");
            json.WriteRawValue(Data);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
