using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations;

namespace CustomerInsights.Workers.Braze;

/// <summary>The JSON that goes to /users/track: objects and the envelope around them (BRZ-21, D-01, D-02).</summary>
internal sealed class BrazeWire(BrazeExport export) : IDisposable
{
    /// <summary>Label of the alias of members without external id (BRZ-21).</summary>
    public const string AliasLabel = "customer_insights";

    /// <summary>The attribute of the literal shape; its value is the identifier (D-01).</summary>
    public const string LiteralName = "Segment_API_Identifier";

    public const int SeparatorBytes = 1;

    /// <summary>Escapes no more than JSON demands: letters of all languages stay as short as they are.</summary>
    public static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    private static readonly JsonWriterOptions Options = new() { Encoder = Encoder, SkipValidation = true };
    private static readonly JsonEncodedText ExternalId = JsonEncodedText.Encode("external_id");
    private static readonly JsonEncodedText UserAlias = JsonEncodedText.Encode("user_alias");
    private static readonly JsonEncodedText AliasName = JsonEncodedText.Encode("alias_name");
    private static readonly JsonEncodedText AliasLabelName = JsonEncodedText.Encode("alias_label");
    private static readonly JsonEncodedText AliasLabelValue = JsonEncodedText.Encode(AliasLabel);
    private static readonly JsonEncodedText UpdateExistingOnly = JsonEncodedText.Encode("_update_existing_only");
    private static readonly JsonEncodedText Email = JsonEncodedText.Encode("email");

    private readonly Utf8JsonWriter _json = new(Stream.Null, Options);
    private readonly JsonEncodedText _membership = JsonEncodedText.Encode(MembershipName(export), Encoder);

    private static ReadOnlySpan<byte> Head => "{\"attributes\":["u8;

    private static ReadOnlySpan<byte> Tail => "]}"u8;

    public static int EnvelopeBytes => Head.Length + Tail.Length;

    /// <summary>Name of the attribute that marks members; names the audience at Braze.</summary>
    public static string MembershipName(BrazeExport export) =>
        export.AttributeShape == BrazeAttributeShape.LiteralName ? LiteralName : export.SegmentApiIdentifier;

    /// <summary>Begins the object of a member; <see cref="End"/> ends it.</summary>
    public Utf8JsonWriter BeginMember(IBufferWriter<byte> payload, BrazeKey key, string email)
    {
        Begin(payload, key);
        if (export.UpdateExistingOnly || key.IsAlias)
        {
            // An alias updates only, unless told otherwise; an external id creates, unless told otherwise.
            _json.WriteBoolean(UpdateExistingOnly, export.UpdateExistingOnly);
        }

        _json.WriteString(Email, email);
        if (export.AttributeShape == BrazeAttributeShape.LiteralName)
        {
            _json.WriteString(_membership, export.SegmentApiIdentifier);
        }
        else
        {
            _json.WriteBoolean(_membership, true);
        }

        return _json;
    }

    /// <summary>Bytes of the object so far.</summary>
    public int Written => (int)(_json.BytesCommitted + _json.BytesPending);

    public void End()
    {
        _json.WriteEndObject();
        _json.Flush();
    }

    /// <summary>Writes the object that takes the mark from a former member, and never creates a user.</summary>
    public void WriteLeaver(IBufferWriter<byte> payload, BrazeKey key, string membership)
    {
        Begin(payload, key);
        _json.WriteBoolean(UpdateExistingOnly, true);
        var name = JsonEncodedText.Encode(membership, Encoder);
        if (export.OnRemoval == BrazeOnRemoval.False)
        {
            _json.WriteBoolean(name, false);
        }
        else
        {
            _json.WriteNull(name);
        }

        End();
    }

    /// <summary>The body of a request, in borrowed memory.</summary>
    public static (byte[] Bytes, int Length) Body(DeliveryBatch batch)
    {
        var size = EnvelopeBytes + batch.PayloadBytes + (batch.Operations.Count * SeparatorBytes);
        var bytes = ArrayPool<byte>.Shared.Rent(size);
        Head.CopyTo(bytes);
        var length = Head.Length;
        for (var i = 0; i < batch.Operations.Count; i++)
        {
            if (i > 0)
            {
                bytes[length++] = (byte)',';
            }

            var payload = batch.Operations[i].Payload.Span;
            payload.CopyTo(bytes.AsSpan(length));
            length += payload.Length;
        }

        Tail.CopyTo(bytes.AsSpan(length));
        return (bytes, length + Tail.Length);
    }

    public void Dispose() => _json.Dispose();

    private void Begin(IBufferWriter<byte> payload, BrazeKey key)
    {
        _json.Reset(payload);
        _json.WriteStartObject();
        if (key.IsAlias)
        {
            _json.WriteStartObject(UserAlias);
            _json.WriteString(AliasName, key.Id);
            _json.WriteString(AliasLabelName, AliasLabelValue);
            _json.WriteEndObject();
        }
        else
        {
            _json.WriteString(ExternalId, key.Id);
        }
    }
}
