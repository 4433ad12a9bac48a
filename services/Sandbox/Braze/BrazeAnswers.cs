using System.Text.Json;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze;

/// <summary>The envelope of every answer: {"message": text, "errors": [..]?}.</summary>
internal static class BrazeAnswers
{
    public static VendorAnswer Message(int status, string message) => Write(status, message, static (writer, text) =>
    {
        writer.WriteString("message"u8, text);
    });

    public static VendorAnswer Write<TState>(int status, TState state, Action<Utf8JsonWriter, TState> properties) =>
        JsonAnswers.Write(status, state, properties);
}
