using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CustomerInsights.Sandbox.Control;

/// <summary>Writes an answer whose body is one JSON object.</summary>
internal static class JsonAnswers
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static VendorAnswer Write<TState>(int status, TState state, Action<Utf8JsonWriter, TState> properties)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            properties(writer, state);
            writer.WriteEndObject();
        }

        return new VendorAnswer(status, buffer.WrittenMemory);
    }
}
