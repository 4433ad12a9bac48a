using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using CustomerInsights.Destinations;

namespace CustomerInsights.Workers.Webhook;

/// <summary>
/// The lines that go to a webhook. What was done stands last in a line: who was added and who was changed are then told
/// apart without the two being different statements about a member.
/// </summary>
internal sealed class WebhookWire : IDisposable
{
    public const int SeparatorBytes = 1;

    /// <summary>The line feed that ends the last line.</summary>
    public const int EnvelopeBytes = 1;

    /// <summary>Leaves letters of all languages as they are, and escapes whatever anybody may take for the end of a line.</summary>
    public static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.Create(UnicodeRanges.All);

    private const byte LineFeed = (byte)'\n';
    private static readonly JsonWriterOptions Options = new() { Encoder = Encoder, SkipValidation = true };
    private static readonly JsonEncodedText Audience = JsonEncodedText.Encode("audience");
    private static readonly JsonEncodedText Key = JsonEncodedText.Encode("key");
    private static readonly JsonEncodedText Fields = JsonEncodedText.Encode("fields");
    private static readonly JsonEncodedText Operation = JsonEncodedText.Encode("op");
    private static readonly JsonEncodedText Add = JsonEncodedText.Encode("add");
    private static readonly JsonEncodedText Change = JsonEncodedText.Encode("change");
    private static readonly JsonEncodedText Remove = JsonEncodedText.Encode("remove");

    private readonly Utf8JsonWriter _json = new(Stream.Null, Options);

    /// <summary>Begins the line of a member, up to its fields; <see cref="EndMember"/> ends it.</summary>
    public Utf8JsonWriter BeginMember(IBufferWriter<byte> payload, string audience, string key)
    {
        Begin(payload, audience, key);
        _json.WriteStartObject(Fields);
        return _json;
    }

    /// <summary>Returns the length of the part that says how the member is.</summary>
    public int EndMember(bool isKnown)
    {
        _json.WriteEndObject();
        var written = (int)(_json.BytesCommitted + _json.BytesPending);
        End(isKnown ? Change : Add);
        return written;
    }

    public void WriteLeaver(IBufferWriter<byte> payload, string audience, string key)
    {
        Begin(payload, audience, key);
        End(Remove);
    }

    /// <summary>The body of a request, in borrowed memory.</summary>
    public static (byte[] Bytes, int Length) Body(DeliveryBatch batch)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(batch.PayloadBytes + batch.Operations.Count);
        var length = 0;
        foreach (var operation in batch.Operations)
        {
            var payload = operation.Payload.Span;
            payload.CopyTo(bytes.AsSpan(length));
            length += payload.Length;
            bytes[length++] = LineFeed;
        }

        return (bytes, length);
    }

    public void Dispose() => _json.Dispose();

    private void Begin(IBufferWriter<byte> payload, string audience, string key)
    {
        _json.Reset(payload);
        _json.WriteStartObject();
        _json.WriteString(Audience, audience);
        _json.WriteString(Key, key);
    }

    private void End(JsonEncodedText operation)
    {
        _json.WriteString(Operation, operation);
        _json.WriteEndObject();
        _json.Flush();
    }
}
