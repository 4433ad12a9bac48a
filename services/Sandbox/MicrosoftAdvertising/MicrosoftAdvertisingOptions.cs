namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>Who and what exists from the start, and where files go to.</summary>
public sealed record MicrosoftAdvertisingOptions
{
    /// <summary>The developer token that the vendor gives everybody for its own sandbox.</summary>
    public const string DefaultDeveloperToken = "BBD37VB98";

    /// <summary>The registered application.</summary>
    public const string DefaultClientId = "sandbox-client";

    /// <summary>The secret of the registered application.</summary>
    public const string DefaultClientSecret = "sandbox-secret";

    /// <summary>The scope that a grant must have.</summary>
    public const string DefaultScope = "https://ads.microsoft.com/msads.manage";

    /// <summary>The user who can sign in.</summary>
    public const string DefaultUser = "admin@example.com";

    /// <summary>The customer (manager account) that exists from the start.</summary>
    public const long DefaultCustomerId = 1_000_001;

    /// <summary>The account of that customer.</summary>
    public const long DefaultAccountId = 2_000_001;

    /// <summary>
    /// Where upload and result addresses begin, since the vendor uses hosts of their own; null for the address that the caller
    /// uses. Port 0 stands for the sandbox's: http://localhost:0/ is another host at the same port.
    /// </summary>
    public Uri? UploadBase { get; init; }

    public string DeveloperToken { get; init; } = DefaultDeveloperToken;

    public string ClientId { get; init; } = DefaultClientId;

    public string ClientSecret { get; init; } = DefaultClientSecret;

    public string Scope { get; init; } = DefaultScope;

    /// <summary>Addresses a sign-in may return to; null for any absolute one.</summary>
    public IReadOnlyList<Uri>? RedirectUris { get; init; }

    public IReadOnlyList<AdAccount> Accounts { get; init; } = [new AdAccount { CustomerId = DefaultCustomerId, AccountId = DefaultAccountId }];

    public IReadOnlyList<AdUser> Users { get; init; } = [new AdUser { UserName = DefaultUser, UserId = 3_000_001, AccountIds = [DefaultAccountId] }];
}

/// <summary>An ad account, and the manager account above it.</summary>
public sealed record AdAccount
{
    public required long CustomerId { get; init; }

    public required long AccountId { get; init; }

    public string Name { get; init; } = "Sandbox account";

    /// <summary>Whether somebody accepted the Customer Match terms in the web interface.</summary>
    public bool TermsAccepted { get; init; } = true;
}

/// <summary>Somebody who can sign in.</summary>
public sealed record AdUser
{
    /// <summary>What the sign-in page asks for.</summary>
    public required string UserName { get; init; }

    public required long UserId { get; init; }

    /// <summary>Accounts the user can reach.</summary>
    public IReadOnlyList<long> AccountIds { get; init; } = [];
}
