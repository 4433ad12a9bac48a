using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze;

/// <summary>The envelope of every answer: {"message": text, "errors": [..]?}.</summary>
internal static class BrazeAnswers
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static VendorAnswer Message(int status, string message) => Write(status, message, static (writer, text) =>
    {
        writer.WriteString("message"u8, text);
    });

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
