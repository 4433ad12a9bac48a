using CustomerInsights.Destinations;

namespace CustomerInsights.Workers.Webhook;

/// <summary>Why a row is not delivered to a webhook, in our words: a receiver's own texts may repeat a value.</summary>
internal static class WebhookReasons
{
    public const string KeyMissing = "KEY_MISSING";
    public const string KeyTooLong = "KEY_TOO_LONG";
    public const string KeyUnknown = "KEY_UNKNOWN";
    public const string KeyInvalid = "KEY_INVALID";
    public const string FieldInvalid = "FIELD_INVALID";
    public const string Blocked = "BLOCKED";
    public const string UrlNotAllowed = "URL_NOT_ALLOWED";

    /// <summary>What receivers may say of a line; everything else they say is "refused".</summary>
    private static readonly string[] OfReceivers = [KeyUnknown, KeyInvalid, FieldInvalid, Blocked];

    public static string Explain(string reason) => reason switch
    {
        KeyMissing => "The profile attribute that is mapped as key is empty. Fill it, or leave the customer out of the segment.",
        KeyTooLong => $"The key has more than {WebhookLimits.KeyBytes} bytes. Map a shorter one.",
        KeyUnknown => "The receiver knows nobody with this key. Add the person there, or check the attribute that is mapped as key.",
        KeyInvalid => "The receiver does not take the key. Check the attribute that is mapped as key.",
        FieldInvalid => "The receiver does not take the value of a field. Check the attributes of the export.",
        Blocked => "The receiver does not want to be told about this person. Ask who runs it.",
        UrlNotAllowed => "The connection's address may not be called. Enter one with https, without user and fragment; a stand-in must be allowed by configuration.",
        _ => "",
    };

    /// <summary>The reason for what a receiver says of a line.</summary>
    public static string Of(string? text) => OfReceivers.FirstOrDefault(reason => reason.Equals(text, StringComparison.OrdinalIgnoreCase)) ?? Reasons.Refused;
}
