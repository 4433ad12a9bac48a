using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace CustomerInsights.Sandbox.Braze.Tracking;

/// <summary>
/// Reads the body of /users/track in one pass over its bytes, allocating nothing per object: this is the hot path of a
/// server that stands on the other side of a benchmark.
/// </summary>
internal static class TrackParser
{
    private const string NotAnObject = "Every element must be an object.";

    /// <summary>Fills the batch. Returns the message of the 400 when the body cannot be read at all.</summary>
    public static string? Parse(ReadOnlyMemory<byte> body, TrackBatch batch)
    {
        batch.Start(body);
        if (!Utf8.IsValid(body.Span))
        {
            return BrazeMessages.SyntaxError;
        }

        try
        {
            var reader = new Utf8JsonReader(body.Span);
            reader.Read();
            return reader.TokenType == JsonTokenType.StartObject ? ReadEnvelope(ref reader, batch) : BrazeMessages.NoValidData;
        }

        // The second is how the reader says that an escaped half of a surrogate pair stands alone.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return BrazeMessages.SyntaxError;
        }
    }

    private static string? ReadEnvelope(ref Utf8JsonReader reader, TrackBatch batch)
    {
        string? error = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            TrackArray? array = reader.ValueTextEquals("attributes"u8) ? TrackArray.Attributes
                : reader.ValueTextEquals("events"u8) ? TrackArray.Events
                : reader.ValueTextEquals("purchases"u8) ? TrackArray.Purchases
                : null;
            reader.Read();
            if (array is null)
            {
                reader.Skip();
            }
            else if (reader.TokenType == JsonTokenType.StartArray)
            {
                ReadArray(ref reader, batch, array.Value);
            }
            else
            {
                error = BrazeMessages.NoValidData;
                reader.Skip();
            }
        }

        // Whatever follows the closing brace is a syntax error, and only reading on tells.
        reader.Read();
        return error;
    }

    private static void ReadArray(ref Utf8JsonReader reader, TrackBatch batch, TrackArray array)
    {
        batch.StartArray(array);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                batch.Add(ReadObject(ref reader, batch, array));
            }
            else
            {
                reader.Skip();
                batch.Add(new TrackedObject { Array = array, Error = NotAnObject });
            }
        }
    }

    private static TrackedObject ReadObject(ref Utf8JsonReader reader, TrackBatch batch, TrackArray array)
    {
        var tracked = new TrackedObject { Array = array, FirstAttribute = batch.NextAttribute };
        var primaries = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("external_id"u8))
            {
                primaries += ReadId(ref reader, batch, ref tracked, IdentifierKind.ExternalId);
            }
            else if (reader.ValueTextEquals("braze_id"u8))
            {
                primaries += ReadId(ref reader, batch, ref tracked, IdentifierKind.BrazeId);
            }
            else if (reader.ValueTextEquals("user_alias"u8))
            {
                primaries += ReadAlias(ref reader, batch, ref tracked);
            }
            else if (reader.ValueTextEquals("_update_existing_only"u8))
            {
                reader.Read();
                tracked.UpdateExistingOnly = reader.TokenType == JsonTokenType.True;
                reader.Skip();
            }
            else
            {
                ReadValue(ref reader, batch);
            }
        }

        tracked.AttributeCount = batch.NextAttribute - tracked.FirstAttribute;
        tracked.Error ??= primaries > 1 ? BrazeMessages.OnlyOneIdentifier : null;
        return tracked;
    }

    private static int ReadId(ref Utf8JsonReader reader, TrackBatch batch, ref TrackedObject tracked, IdentifierKind kind)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return 0;
        }

        if (reader.TokenType != JsonTokenType.String)
        {
            tracked.Error = kind == IdentifierKind.ExternalId ? BrazeMessages.ExternalIdNotText : BrazeMessages.BrazeIdNotText;
            reader.Skip();
            return 1;
        }

        tracked.Identifier = kind;
        tracked.Id = TextOf(ref reader, batch);
        return tracked.Id.Length == 0 ? 0 : 1;
    }

    private static int ReadAlias(ref Utf8JsonReader reader, TrackBatch batch, ref TrackedObject tracked)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return 0;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            tracked.Error = BrazeMessages.AliasIncomplete;
            reader.Skip();
            return 1;
        }

        Slice name = default, label = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isName = reader.ValueTextEquals("alias_name"u8);
            var isLabel = reader.ValueTextEquals("alias_label"u8);
            reader.Read();
            if (reader.TokenType == JsonTokenType.String && (isName || isLabel))
            {
                (isName ? ref name : ref label) = TextOf(ref reader, batch);
            }

            reader.Skip();
        }

        (tracked.Identifier, tracked.Id, tracked.AliasLabel) = (IdentifierKind.Alias, name, label);
        if (name.Length == 0 || label.Length == 0 || batch.Bytes(name).Contains((byte)0) || batch.Bytes(label).Contains((byte)0))
        {
            tracked.Error = BrazeMessages.AliasIncomplete;
        }

        return 1;
    }

    private static void ReadValue(ref Utf8JsonReader reader, TrackBatch batch)
    {
        var name = TextOf(ref reader, batch);
        reader.Read();
        var type = reader.TokenType;
        var start = (int)reader.TokenStartIndex;
        if (type == JsonTokenType.String && reader.ValueIsEscaped)
        {
            // One spelling for one value, so that equal values are equal bytes.
            var canonical = CanonicalJson.OfText(reader.GetString()!);
            batch.Add(new AttributeValue(name, batch.Keep(canonical), IsObject: false, IsNull: false));
            return;
        }

        reader.Skip();
        var raw = new Slice(start, (int)reader.BytesConsumed - start, Unescaped: false);
        if (type is JsonTokenType.StartArray or JsonTokenType.StartObject)
        {
            raw = batch.Keep(CanonicalJson.Of(batch.Bytes(raw)));
        }

        batch.Add(new AttributeValue(name, raw, type == JsonTokenType.StartObject, type == JsonTokenType.Null));
    }

    private static Slice TextOf(ref Utf8JsonReader reader, TrackBatch batch)
    {
        if (reader.ValueIsEscaped)
        {
            return batch.Keep(Encoding.UTF8.GetBytes(reader.GetString()!));
        }

        // The token starts at its opening quote.
        return new Slice((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length, Unescaped: false);
    }
}
