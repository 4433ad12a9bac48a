using CustomerInsights.Destinations;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>Why a row or a run does not get through, in our words; Microsoft Advertising's own texts are never kept.</summary>
internal static class MicrosoftAdvertisingReasons
{
    public const string EmailMissing = "EMAIL_MISSING";
    public const string EmailInvalid = "EMAIL_INVALID";
    public const string ItemRefused = "ITEM_REFUSED";
    public const string TermsNotAccepted = "TERMS_NOT_ACCEPTED";
    public const string EmailNotHashed = "EMAIL_NOT_HASHED";
    public const string AccountNotAccessible = "ACCOUNT_NOT_ACCESSIBLE";
    public const string AccountInvalid = "ACCOUNT_INVALID";
    public const string AudienceMissing = "AUDIENCE_MISSING";
    public const string AudienceNameTaken = "AUDIENCE_NAME_TAKEN";
    public const string AudienceNameInvalid = "AUDIENCE_NAME_INVALID";
    public const string AudienceSettingsRefused = "AUDIENCE_SETTINGS_REFUSED";
    public const string AudienceOfAnotherType = "AUDIENCE_OF_ANOTHER_TYPE";
    public const string AudienceOfAnotherSegment = "AUDIENCE_OF_ANOTHER_SEGMENT";
    public const string TooManyAudiences = "TOO_MANY_AUDIENCES";
    public const string FileFormatRefused = "FILE_FORMAT_REFUSED";
    public const string AddressNotAllowed = "ADDRESS_NOT_ALLOWED";

    private const string OfAudience = "AUDIENCE_";

    public static string Explain(string reason) => reason switch
    {
        EmailMissing => "The profile has no e-mail address. Add one, or leave the customer out of the segment.",
        EmailInvalid => "The e-mail address is not valid. Correct it in the profile.",
        ItemRefused => "Microsoft Advertising does not take this member and gives no reason that a change of the profile would mend.",
        TermsNotAccepted => "The Customer Match terms are not accepted for this ad account. An administrator of the account has to accept them at "
            + "https://ads.microsoft.com (Tools, Audiences, create a customer match list once), then run the export again. They are never accepted on anybody's behalf.",
        EmailNotHashed => "Microsoft Advertising says that an address was not hashed; the run was stopped at once. This is a defect: report it.",
        AccountNotAccessible => "The sign-in of the connection has no access to this ad account. The connection lists the accounts that it reaches: take customer id and account id from there, or sign in with a user who has access and verify the connection.",
        AccountInvalid => "Microsoft Advertising does not know this ad account, or it is not active. Check customer id (cid) and account id (aid) in the export.",
        AudienceMissing => "The audience was deleted at Microsoft Advertising. Run the export again: it is created anew and filled.",
        AudienceNameTaken => "The ad account has an audience of this name which this system did not create. Rename the segment or that audience, or set adopt_existing in the export to take it over.",
        AudienceNameInvalid => "Microsoft Advertising does not take the segment's name as the name of an audience: 1 to 128 characters. Rename the segment.",
        AudienceSettingsRefused => "Microsoft Advertising does not take the settings of the audience. Check the membership duration, customer id and account id in the export.",
        AudienceOfAnotherType => "The audience at Microsoft Advertising is not a customer list. Rename the segment, or delete the audience there.",
        AudienceOfAnotherSegment => "The audience of this name mirrors another segment, and two segments cannot share one. Rename one of them, or, when the other one "
            + "is not exported any more, rename or delete that audience at Microsoft Advertising.",
        TooManyAudiences => "The ad account holds as many audiences as it may. Delete some at Microsoft Advertising, then run the export again.",
        FileFormatRefused => "Microsoft Advertising does not understand the uploaded file. This is a defect: report it.",
        AddressNotAllowed => "Microsoft Advertising named an address for files that is not safe to use. If this repeats, report it.",
        _ => "",
    };

    /// <summary>What ends a run before anything is sent, with its remedy.</summary>
    /// <param name="segment">The segment whose audience it is about; empty when it is about none.</param>
    public static Refusal Refuse(string reason, string segment = "") => Refusal.Precondition(
        reason,
        (reason.StartsWith(OfAudience, StringComparison.Ordinal) && segment.Length > 0 ? $"{segment}: " : "") + (Explain(reason) is { Length: > 0 } own ? own : Reasons.Explain(reason)));
}
