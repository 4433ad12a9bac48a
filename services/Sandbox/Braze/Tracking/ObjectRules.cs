using System.Buffers;

namespace CustomerInsights.Sandbox.Braze.Tracking;

/// <summary>What makes Braze reject a single object of a request.</summary>
internal static class ObjectRules
{
    private const int MaxExternalIdBytes = 987;
    private const int MaxAddress = 254;
    private const int MaxLocalPart = 64;
    private const int MaxQuantity = 100;
    private const int MaxPhone = 64;
    private static readonly SearchValues<byte> NotInAddress = SearchValues.Create(" \t\r\n\"\\,;:<>()[]"u8);

    /// <summary>Sets the error of an object that must be rejected, and the identifier of one that names none of the primary ones.</summary>
    public static void Check(TrackBatch batch, ref TrackedObject tracked)
    {
        if (tracked.Error is not null)
        {
            return;
        }

        tracked.Error = CheckValues(batch, ref tracked);
        if (tracked.Identifier == IdentifierKind.None || tracked.Id.Length == 0)
        {
            tracked.Error = BrazeMessages.IdentifierRequired;
        }
        else if (tracked.Identifier == IdentifierKind.ExternalId && tracked.Id.Length > MaxExternalIdBytes)
        {
            tracked.Error = BrazeMessages.ExternalIdTooLong;
        }
        else if (tracked.Array != TrackArray.Attributes)
        {
            tracked.Error ??= CheckEvent(batch, tracked);
        }
    }

    private static string? CheckValues(TrackBatch batch, ref TrackedObject tracked)
    {
        var isSecondary = tracked.Identifier == IdentifierKind.None || tracked.Id.Length == 0;
        string? error = null;
        foreach (var value in batch.ValuesOf(tracked))
        {
            var name = batch.Bytes(value.Name);
            var json = batch.Bytes(value.Value);
            if (name.SequenceEqual("email"u8))
            {
                error ??= value.IsNull || IsAddress(json) ? null : BrazeMessages.EmailInvalid;
                if (isSecondary && !value.IsNull)
                {
                    (tracked.Identifier, tracked.Id) = (IdentifierKind.Email, value.Value);
                }
            }
            else if (name.SequenceEqual("phone"u8))
            {
                error ??= value.IsNull || IsPhone(json) ? null : BrazeMessages.PhoneInvalid;
                if (isSecondary && tracked.Identifier != IdentifierKind.Email && !value.IsNull)
                {
                    (tracked.Identifier, tracked.Id) = (IdentifierKind.Phone, value.Value);
                }
            }
            else if (name.SequenceEqual("email_subscribe"u8))
            {
                error ??= IsSubscription(json) ? null : BrazeMessages.EmailSubscribeInvalid;
            }
            else if (name.SequenceEqual("push_subscribe"u8))
            {
                error ??= IsSubscription(json) ? null : BrazeMessages.PushSubscribeInvalid;
            }
            else if (value.IsObject && json.IndexOf("\"$"u8) >= 0)
            {
                error ??= BrazeMessages.NestedUpdateUnknown;
            }
        }

        return error;
    }

    private static string? CheckEvent(TrackBatch batch, in TrackedObject tracked)
    {
        bool named = false, timed = false, priced = false, inCurrency = false;
        var quantityFits = true;
        foreach (var value in batch.ValuesOf(tracked))
        {
            var name = batch.Bytes(value.Name);
            var json = batch.Bytes(value.Value);
            var isText = json.Length > 2 && json[0] == (byte)'"';
            named |= isText && name.SequenceEqual(tracked.Array == TrackArray.Events ? "name"u8 : "product_id"u8);
            timed |= isText && name.SequenceEqual("time"u8);
            inCurrency |= isText && name.SequenceEqual("currency"u8);
            priced |= name.SequenceEqual("price"u8) && json[0] is (byte)'-' or (>= (byte)'0' and <= (byte)'9');
            quantityFits &= !name.SequenceEqual("quantity"u8) || IsQuantity(json);
        }

        return (tracked.Array, named, timed, inCurrency && priced, quantityFits) switch
        {
            (_, _, false, _, _) => "'time' is required",
            (TrackArray.Events, false, _, _, _) => "'name' is required",
            (TrackArray.Purchases, false, _, _, _) => "'product_id' is required",
            (TrackArray.Purchases, _, _, false, _) => "'currency' and 'price' are required",
            (TrackArray.Purchases, _, _, _, false) => BrazeMessages.QuantityInvalid,
            _ => null,
        };
    }

    private static bool IsQuantity(ReadOnlySpan<byte> json) =>
        System.Buffers.Text.Utf8Parser.TryParse(json, out int quantity, out var used) && used == json.Length && quantity is >= 1 and <= MaxQuantity;

    private static bool IsPhone(ReadOnlySpan<byte> json) => json.Length is > 2 and <= MaxPhone && json[0] == (byte)'"';

    private static bool IsSubscription(ReadOnlySpan<byte> json) =>
        json.SequenceEqual("\"subscribed\""u8) || json.SequenceEqual("\"unsubscribed\""u8) || json.SequenceEqual("\"opted_in\""u8) || json.SequenceEqual("null"u8);

    /// <summary>Shape only: one "@", a local part, a domain of at least two labels. Takes JSON text with its quotes.</summary>
    internal static bool IsAddress(ReadOnlySpan<byte> json)
    {
        if (json.Length < 2 || json[0] != (byte)'"' || json.Length - 2 > MaxAddress)
        {
            return false;
        }

        var address = json[1..^1];
        var at = address.IndexOf((byte)'@');
        if (at is < 1 or > MaxLocalPart || address.IndexOfAny(NotInAddress) >= 0)
        {
            return false;
        }

        var local = address[..at];
        var domain = address[(at + 1)..];
        return local[0] != (byte)'.' && local[^1] != (byte)'.' && local.IndexOf(".."u8) < 0
            && domain.IndexOf((byte)'@') < 0 && domain.IndexOf((byte)'.') > 0 && domain[^1] is not ((byte)'.' or (byte)'-')
            && domain.IndexOf(".."u8) < 0 && domain[0] != (byte)'-';
    }
}
