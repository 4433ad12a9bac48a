namespace CustomerInsights.Sandbox.Braze;

/// <summary>Texts of Braze's answers: those that have been measured or documented, and ours where nobody has written one down.</summary>
internal static class BrazeMessages
{
    public const string Success = "success";
    public const string InvalidUrl = "Invalid URL";
    public const string AccessDenied = "Access Denied";
    public const string InvalidKey = "Invalid API key: ";
    public const string RateLimited = "Rate Limited";
    public const string SyntaxError = "Error while parsing request body. Please check your syntax.";
    public const string NoValidData = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.";
    public const string OnlyOneIdentifier = "You must specify only one of 'external_id', 'user_alias' or 'braze_id'";
    public const string IdentifierRequired = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required";
    public const string ExternalIdTooLong = "'external_id' must be fewer than 988 bytes";
    public const string EmailInvalid = "The value provided for the 'email' field is not a valid email.";
    public const string EmailSubscribeInvalid = "'email_subscribe' must be 'subscribed', 'unsubscribed', or 'opted_in'";
    public const string PushSubscribeInvalid = "'push_subscribe' must be 'subscribed', 'unsubscribed', or 'opted_in'";
    public const string QuantityInvalid = "'quantity' is not valid";

    public const string ExternalIdNotText = "'external_id' must be a string";
    public const string BrazeIdNotText = "'braze_id' must be a string";
    public const string AliasIncomplete = "'user_alias' must hold a non-empty 'alias_name' and 'alias_label'";
    public const string PhoneInvalid = "The value provided for the 'phone' field is not valid.";
    public const string NestedUpdateUnknown = "Updates inside an array of objects are not part of this stand-in";
    public const string BodyTooLarge = "The request body is larger than allowed.";
    public const string ContentTypeWrong = "Content-Type must be application/json.";
}
