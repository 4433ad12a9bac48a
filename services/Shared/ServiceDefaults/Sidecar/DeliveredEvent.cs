using System.Buffers;
using System.Text.Json;
using Dapr.Runtime.V1;
using Google.Protobuf.WellKnownTypes;

namespace CustomerInsights.ServiceDefaults.Sidecar;

/// <summary>Puts a CloudEvent together again that the sidecar has taken apart, so that it is read and checked like one that came any other way.</summary>
internal static class DeliveredEvent
{
    /// <summary>Attributes that the reader knows and the sidecar delivers among the extensions.</summary>
    private static readonly string[] Extensions = ["subject", "time", "traceparent"];

    public static byte[] ToUtf8(TopicEventRequest request)
    {
        var buffer = new ArrayBufferWriter<byte>(request.Data.Length + 1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("specversion", request.SpecVersion);
            json.WriteString("id", request.Id);
            json.WriteString("source", request.Source);
            json.WriteString("type", request.Type);
            json.WriteString("datacontenttype", request.DataContentType);
            foreach (var name in Extensions)
            {
                if (request.Extensions?.Fields.TryGetValue(name, out var value) is true && value.KindCase == Value.KindOneofCase.StringValue)
                {
                    json.WriteString(name, value.StringValue);
                }
            }

            WriteData(json, request.Data.Span);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteData(Utf8JsonWriter json, ReadOnlySpan<byte> data)
    {
        if (IsJson(data))
        {
            json.WritePropertyName("data");
            json.WriteRawValue(data, skipInputValidation: true);
        }
        else
        {
            // The reader says what is wrong with it.
            json.WriteBase64String("data_base64", data);
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> data)
    {
        try
        {
            var reader = new Utf8JsonReader(data);
            return reader.Read() && reader.TrySkip() && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
