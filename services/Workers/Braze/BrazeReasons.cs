using CustomerInsights.Destinations;

namespace CustomerInsights.Workers.Braze;

/// <summary>Why a row is not delivered to Braze, in our words: Braze's own texts may repeat a value.</summary>
internal static class BrazeReasons
{
    public const string EmailMissing = "EMAIL_MISSING";
    public const string EmailInvalid = "EMAIL_INVALID";
    public const string ExternalIdTooLarge = "EXTERNAL_ID_TOO_LARGE";
    public const string ExternalIdBlocked = "EXTERNAL_ID_BLOCKED";
    public const string IdentifierInvalid = "IDENTIFIER_INVALID";
    public const string FieldInvalid = "FIELD_INVALID";
    public const string HostNotAllowed = "HOST_NOT_ALLOWED";

    public static string Explain(string reason) => reason switch
    {
        EmailMissing => "The profile has no e-mail address. Add one, or leave the customer out of the segment.",
        EmailInvalid => "The e-mail address is not valid. Correct it in the profile.",
        ExternalIdTooLarge => $"The external id has more than {BrazeLimits.ExternalIdBytes} bytes, which Braze does not take. Map a shorter one.",
        ExternalIdBlocked => "Braze has blocked this external id, usually because too many events were recorded for it. Ask Braze, or map another id.",
        IdentifierInvalid => "Braze does not take the row's identifier. Check the attribute that is mapped to the external id.",
        FieldInvalid => "Braze does not take the value of a mapped field. Check the optional fields of the export.",
        HostNotAllowed => "The connection's host is none of Braze's. Enter a host such as rest.iad-03.braze.com; a stand-in must be allowed by configuration.",
        _ => "",
    };

    /// <summary>The reason for an error that Braze names by text or by code; both occur.</summary>
    public static string Of(string type) => type switch
    {
        "EXTERNAL_USER_ID_TOO_LARGE" => ExternalIdTooLarge,
        "BLACKLISTED_EXTERNAL_USER_ID" => ExternalIdBlocked,
        "EMAIL_BAD_FORMAT" => EmailInvalid,
        _ when Mentions(type, "external_id", "fewer than") => ExternalIdTooLarge,
        _ when Mentions(type, "blacklisted") || Mentions(type, "blocked") => ExternalIdBlocked,
        _ when Mentions(type, "not a valid email") => EmailInvalid,
        _ when Mentions(type, "external_id") || Mentions(type, "user_alias") || Mentions(type, "braze_id") => IdentifierInvalid,
        _ when type.StartsWith("BAD_", StringComparison.Ordinal) || type.StartsWith("INVALID_", StringComparison.Ordinal) => FieldInvalid,
        _ when Mentions(type, "must be") || Mentions(type, "not valid") || Mentions(type, "invalid") => FieldInvalid,
        _ => Reasons.Refused,
    };

    private static bool Mentions(string text, params ReadOnlySpan<string> parts)
    {
        foreach (var part in parts)
        {
            if (!text.Contains(part, StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        return true;
    }
}
