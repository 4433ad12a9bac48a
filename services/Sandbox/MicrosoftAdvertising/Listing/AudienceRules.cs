namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

/// <summary>What a customer list may look like, whether it comes by call or by file.</summary>
/// <remarks>campaign-management-service/customerlist in https://learn.microsoft.com/en-us/advertising/.</remarks>
internal static class AudienceRules
{
    public const int DefaultDuration = 30;
    private const int MaxName = 128;
    private const int MaxDescription = 1_024;
    private const int MaxDuration = 390;

    public static bool IsName(string? name) => name?.Trim() is { Length: > 0 and <= MaxName };

    public static bool IsDescription(string? description) => description is null or { Length: <= MaxDescription };

    public static bool IsDuration(int days) => days is CustomerList.Forever or (>= 1 and <= MaxDuration);

    /// <summary>The scope with this name; null when there is none.</summary>
    public static ListScope? ScopeOf(string? name) => name switch
    {
        "Account" => ListScope.Account,
        "Customer" => ListScope.Customer,
        _ => null,
    };

    public static bool IsParent(long parentId, ListScope scope, AdAccount account) =>
        parentId == (scope == ListScope.Account ? account.AccountId : account.CustomerId);
}
