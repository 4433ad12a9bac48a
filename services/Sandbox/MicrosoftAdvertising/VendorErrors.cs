using System.Collections.Frozen;
using System.Globalization;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>The vendor's error codes: name, text, and the HTTP status of a fault with it (undocumented but for 401 with 109: our guess).</summary>
/// <remarks>guides/operation-error-codes in https://learn.microsoft.com/en-us/advertising/.</remarks>
internal static class VendorErrors
{
    public const int Internal = 0;
    public const int NullRequest = 100;
    public const int InvalidCredentials = 105;
    public const int UserIsNotAuthorized = 106;
    public const int TokenExpired = 109;
    public const int MissingHeaders = 116;
    public const int CallRate = 117;
    public const int NullParameter = 203;
    public const int NullArray = 206;
    public const int TooManyItems = 513;
    public const int InvalidUploadUrl = 3220;
    public const int NoFile = 3221;
    public const int MultipleFiles = 3222;
    public const int FileExtension = 3223;
    public const int UrlUsed = 3224;
    public const int RowCount = 3225;
    public const int UrlExpired = 3226;
    public const int TooManyUploads = 3227;
    public const int InvalidRequestId = 4201;
    public const int UnknownRowType = 4203;
    public const int BulkRate = 4204;
    public const int InvalidAudienceId = 4835;
    public const int DuplicateAudienceId = 4837;
    public const int AudienceName = 4838;
    public const int AudienceDescription = 4841;
    public const int MembershipDuration = 4842;
    public const int AudiencesEmpty = 4844;
    public const int AudienceIsNull = 4845;
    public const int AudienceIdIsNull = 4846;
    public const int AudienceIdIsNotNull = 4847;
    public const int AudienceParentId = 4848;
    public const int AudienceScope = 4849;
    public const int TooManyAudiences = 4850;
    public const int AudienceIdsEmpty = 4851;
    public const int TooManyAudienceIds = 4852;
    public const int DuplicateAudienceName = 4853;
    public const int ScopeChange = 4855;
    public const int AudienceType = 4859;
    public const int InvalidListId = 8000;
    public const int Action = 8001;
    public const int SubType = 8002;
    public const int Terms = 8003;
    public const int NotHashed = 8004;
    public const int NeitherEmailNorCrm = 8006;

    private static readonly FrozenDictionary<int, VendorError> ByCode = new VendorError[]
    {
        new(Internal, "InternalError", "An internal error has occurred.", 500),
        new(NullRequest, "NullRequest", "The request message is null or cannot be read.", 400),
        new(InvalidCredentials, "InvalidCredentials", "Authentication failed. Either supplied credentials are invalid or the account is inactive.", 401),
        new(UserIsNotAuthorized, "UserIsNotAuthorized", "The user is not authorized to perform this action.", 403),
        new(TokenExpired, "AuthenticationTokenExpired", "Authentication token expired. Please renew it or obtain a new token.", 401),
        new(MissingHeaders, "RequestMissingHeaders", "One or more required header elements are missing from the request.", 400),
        new(CallRate, "CallRateExceeded", "You have exceeded the number of calls that you are allowed to make in a minute.", 429),
        new(120, "UserLoginAccessDenied", "The credentials are not valid for the person who attempted to log in.", 401),
        new(123, "WorkIdentityNotAvailable", "You must use a personal account to sign in.", 401),
        new(NullParameter, "NullParameter", "The parameter cannot be null.", 400),
        new(NullArray, "NullArrayArgument", "A null array argument is not allowed.", 400),
        new(208, "InvalidAccount", "The account is not valid.", 400),
        new(TooManyItems, "CampaignServiceEntityIdsArrayExceedsLimit", "The number of items exceeds the maximum allowed.", 400),
        new(InvalidUploadUrl, "BulkServiceInvalidBulkUploadUrl", "The URL is not valid.", 400),
        new(NoFile, "BulkServiceNoFileFound", "No file was found in the request.", 400),
        new(MultipleFiles, "BulkServiceMultipleFilesFound", "Only one file may be uploaded.", 400),
        new(FileExtension, "BulkServiceInvalidFileExtension", "The file extension must be csv, tsv or zip.", 400),
        new(UrlUsed, "BulkServiceUrlAlreadyUsedForUpload", "The URL has already been used for file upload.", 400),
        new(RowCount, "BulkServiceFileRowCountExceeded", "The file has more rows than are allowed.", 400),
        new(UrlExpired, "BulkServiceUrlExpired", "The URL has expired.", 400),
        new(TooManyUploads, "BulkServiceTooManyRequests", "Too many uploads at the same time.", 400),
        new(InvalidRequestId, "BulkServiceInvalidRequestId", "The specified RequestId is not valid.", 400),
        new(4200, "BulkServiceBatchOperationFailedForItems", "The upload failed due to other items in the batch.", 400),
        new(UnknownRowType, "BulkServiceUnknownTypeForRow", "The Type column of the row was not recognized.", 400),
        new(BulkRate, "BulkServiceNoMoreCallsPermittedForTheTimePeriod", "No more bulk calls are permitted for this account for the current time period.", 429),
        new(InvalidAudienceId, "InvalidAudienceId", "The audience ID is invalid.", 400),
        new(4836, "AudienceIdsNotPassed", "Audience IDs are required.", 400),
        new(DuplicateAudienceId, "DuplicateAudienceId", "Duplicate audience IDs are not allowed.", 400),
        new(AudienceName, "InvalidAudienceName", "The audience name is invalid.", 400),
        new(AudienceDescription, "InvalidAudienceDescription", "Audience description is invalid.", 400),
        new(MembershipDuration, "InvalidAudienceMembershipDuration", "Audience membership duration is invalid.", 400),
        new(AudiencesEmpty, "AudiencesArrayShouldNotBeNullOrEmpty", "Audiences are required.", 400),
        new(AudienceIsNull, "AudienceIsNull", "Audience cannot be null.", 400),
        new(AudienceIdIsNull, "AudienceIdIsNull", "Audience id cannot be null.", 400),
        new(AudienceIdIsNotNull, "AudienceIdIsNotNull", "Audience id must be null.", 400),
        new(AudienceParentId, "InvalidAudienceParentId", "Audience parent id is invalid or not specified.", 400),
        new(AudienceScope, "InvalidAudienceScope", "Audience scope is invalid or not specified.", 400),
        new(TooManyAudiences, "AudiencesArrayExceedsLimit", "Audiences array exceeds the limit size.", 400),
        new(AudienceIdsEmpty, "AudienceIdsArrayShouldNotBeNullOrEmpty", "Audience ids array should not be null or empty.", 400),
        new(TooManyAudienceIds, "AudienceIdsArrayExceedsLimit", "Audience ids array exceeds the limit size.", 400),
        new(DuplicateAudienceName, "DuplicateAudienceName", "Audience name is duplicate.", 400),
        new(4854, "AudienceCannotBeDeletedDueToExistingAdGroupCriterion", "Audience cannot be deleted due to existing association.", 400),
        new(ScopeChange, "AudienceCanNotChangeScopeOnUpdate", "Audience scope cannot be changed on update.", 400),
        new(AudienceType, "InvalidAudienceType", "Audience type is invalid.", 400),
        new(4861, "AudienceIdDoNotMatchAudienceType", "Audience id does not match audience type.", 400),
        new(4865, "MaxAudiencesPerAccountLimitReached", "Max audiences per account limit is reached.", 400),
        new(4866, "MaxAudiencesPerCustomerLimitReached", "Max audiences per customer limit is reached.", 400),
        new(InvalidListId, "InvalidCustomerListId", "The customer list ID is invalid.", 400),
        new(Action, "CustomerListActionTypeNotSupported", "The action type is not supported.", 400),
        new(SubType, "CustomerListItemSubTypeNotSupported", "The sub type is not supported.", 400),
        new(Terms, "CustomerListTermsAndConditionsNotAccepted", "The Customer Match terms have not been accepted.", 400),
        new(NotHashed, "EmailMustBeHashed", "The e-mail address must be hashed with SHA-256.", 400),
        new(8005, "CrmIdTooLong", "The CRM id is too long.", 400),
        new(NeitherEmailNorCrm, "InvalidCustomerListItem", "The item is neither an e-mail address nor a CRM id.", 400),
        new(8110, "AudienceIsPartOfCombinedList", "The audience is part of a combined list.", 400),
    }.ToFrozenDictionary(e => e.Code);

    /// <summary>Any code can be injected; one that is not known gets a made-up name.</summary>
    public static VendorError Find(int code) => ByCode.TryGetValue(code, out var known)
        ? known
        : new VendorError(code, string.Create(CultureInfo.InvariantCulture, $"Error{code}"), "An injected error.", StatusCodes.Status400BadRequest);

    /// <summary>What is wrong with the caller is told in a body of another shape than what is wrong with the call.</summary>
    public static bool IsAboutCaller(int code) => code is < 200 and not CallRate;
}

/// <param name="Status">HTTP status of a fault with this code.</param>
internal sealed record VendorError(int Code, string Name, string Message, int Status);
