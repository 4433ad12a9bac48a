namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>Names of the operations, as faults, journal and counters use them.</summary>
public static class MicrosoftAdvertisingOperations
{
    public const string Authorize = "Authorize";
    public const string Token = "Token";
    public const string AddAudiences = "AddAudiences";
    public const string UpdateAudiences = "UpdateAudiences";
    public const string DeleteAudiences = "DeleteAudiences";
    public const string GetAudiencesByIds = "GetAudiencesByIds";
    public const string ApplyCustomerListUserData = "ApplyCustomerListUserData";
    public const string GetBulkUploadUrl = "GetBulkUploadUrl";
    public const string GetBulkUploadStatus = "GetBulkUploadStatus";

    /// <summary>The file itself, sent to the upload address.</summary>
    public const string UploadBulkFile = "UploadBulkFile";

    /// <summary>No request: an uploaded file takes effect on one list. Only in the journal.</summary>
    public const string ProcessBulkFile = "ProcessBulkFile";

    /// <summary>The result file.</summary>
    public const string DownloadBulkResult = "DownloadBulkResult";
    public const string GetUser = "GetUser";
    public const string SearchAccounts = "SearchAccounts";

    /// <summary>Those that are requests, and so can have faults.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Authorize, Token, AddAudiences, UpdateAudiences, DeleteAudiences, GetAudiencesByIds, ApplyCustomerListUserData, GetBulkUploadUrl, GetBulkUploadStatus,
        UploadBulkFile, DownloadBulkResult, GetUser, SearchAccounts,
    ];
}
