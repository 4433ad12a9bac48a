using System.Collections.Frozen;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Applying;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Finding;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;
using CustomerInsights.Sandbox.MicrosoftAdvertising.SigningIn;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;
using Operations = CustomerInsights.Sandbox.MicrosoftAdvertising.MicrosoftAdvertisingOperations;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>The part of the vendor's REST API that is imitated, and its identity platform.</summary>
internal static class MicrosoftAdvertisingRoutes
{
    public const string UploadPath = "/bulk-files/upload/";
    public const string ResultPath = "/bulk-files/result/";

    // 100 MB of file, and what multipart needs around it.
    private const int MaxUpload = 100_000_000 + 64_000;
    private const string Campaigns = "/CampaignManagement/v13";
    private const string Bulk = "/Bulk/v13";
    private const string Customers = "/CustomerManagement/v13";

    /// <summary>Below these everything is the vendor's.</summary>
    public static readonly string[] Prefixes = ["/identity", Campaigns, Bulk, Customers, "/bulk-files"];

    private static readonly FrozenDictionary<(string Method, string Path), MicrosoftAdvertisingRoute> Known = new MicrosoftAdvertisingRoute[]
    {
        new("GET", "/identity/authorize", Operations.Authorize, CallerProof.None, AuthorizeApplication.Ask),
        new("POST", "/identity/authorize", Operations.Authorize, CallerProof.None, AuthorizeApplication.Decide),
        new("POST", "/identity/token", Operations.Token, CallerProof.None, IssueTokens.Handle),
        new("POST", Campaigns + "/Audiences", Operations.AddAudiences, CallerProof.Account, AddAudiences.Handle),
        new("PUT", Campaigns + "/Audiences", Operations.UpdateAudiences, CallerProof.Account, UpdateAudiences.Handle),
        new("DELETE", Campaigns + "/Audiences", Operations.DeleteAudiences, CallerProof.Account, DeleteAudiences.Handle),
        new("POST", Campaigns + "/Audiences/QueryByIds", Operations.GetAudiencesByIds, CallerProof.Account, GetAudiences.Handle),
        new("POST", Campaigns + "/CustomerListUserData/Apply", Operations.ApplyCustomerListUserData, CallerProof.Account, ApplyItems.Handle),
        new("POST", Bulk + "/BulkUploadUrl/Query", Operations.GetBulkUploadUrl, CallerProof.Account, GiveUploadUrl.Handle),
        new("POST", Bulk + "/BulkUploadStatus/Query", Operations.GetBulkUploadStatus, CallerProof.Account, TellUploadStatus.Handle),
        new("POST", UploadPath, Operations.UploadBulkFile, CallerProof.Own, ReceiveUpload.Handle) { MaxBody = MaxUpload },
        new("GET", ResultPath, Operations.DownloadBulkResult, CallerProof.None, SendResult.Handle),
        new("POST", Customers + "/User/Query", Operations.GetUser, CallerProof.User, GetUser.Handle),
        new("POST", Customers + "/Accounts/Search", Operations.SearchAccounts, CallerProof.User, SearchAccounts.Handle),
    }.ToFrozenDictionary(r => (r.Method, r.Path));

    /// <summary>The operation of a request, and the last part of its path where that varies.</summary>
    public static (MicrosoftAdvertisingRoute? Route, string Tail) Find(string method, string path)
    {
        if (Known.TryGetValue((method, path), out var route))
        {
            return (route, "");
        }

        var tail = path.LastIndexOf('/') + 1;
        return (Known.GetValueOrDefault((method, path[..tail])), path[tail..]);
    }
}
