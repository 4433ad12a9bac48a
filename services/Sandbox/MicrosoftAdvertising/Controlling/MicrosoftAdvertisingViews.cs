using CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;

/// <summary>A list as it is now, whatever the vendor's own reads would tell yet.</summary>
public sealed record ListView
{
    public long Id { get; init; }

    public long CustomerId { get; init; }

    /// <summary>The account it was made in.</summary>
    public long AccountId { get; init; }

    public string Name { get; init; } = "";

    public string? Description { get; init; }

    public ListScope Scope { get; init; }

    /// <summary>Days, or -1 for ever.</summary>
    public int MembershipDuration { get; init; }

    /// <summary>Members now.</summary>
    public int Members { get; init; }
}

/// <summary>A list that somebody else has made.</summary>
public sealed record NewList
{
    public long CustomerId { get; init; } = MicrosoftAdvertisingOptions.DefaultCustomerId;

    public long AccountId { get; init; } = MicrosoftAdvertisingOptions.DefaultAccountId;

    public string Name { get; init; } = "";

    public string? Description { get; init; }

    public ListScope Scope { get; init; }

    public int MembershipDuration { get; init; } = 30;
}

/// <summary>Members that somebody else has added.</summary>
public sealed record NewMembers
{
    /// <summary>64 lower-case hexadecimal digits each.</summary>
    public IReadOnlyList<string> Hashes { get; init; } = [];
}

/// <summary>How many members a list has, and the SHA-256 of their hashes in order, each as 64 digits and a line feed.</summary>
public sealed record MembersDigest(int Members, string Sha256);

/// <summary>A sign-in without a browser.</summary>
public sealed record NewGrant
{
    public string UserName { get; init; } = MicrosoftAdvertisingOptions.DefaultUser;
}

/// <summary>The tokens of such a sign-in.</summary>
public sealed record GrantView(string GrantId, string AccessToken, string RefreshToken);

/// <summary>Which grants to revoke: one, or all of a user, or all.</summary>
public sealed record RevokedGrants
{
    public string? GrantId { get; init; }

    public string? UserName { get; init; }
}

/// <summary>One request, or one uploaded file taking effect on one list (operation ProcessBulkFile), as the journal keeps it.</summary>
public sealed record MicrosoftAdvertisingRecord
{
    public long Sequence { get; init; }

    public DateTimeOffset Time { get; init; }

    /// <summary>One of <see cref="MicrosoftAdvertisingOperations"/>; empty for an unknown path.</summary>
    public string Operation { get; init; } = "";

    public string Method { get; init; } = "";

    public string Route { get; init; } = "";

    /// <summary>0 when no answer was given.</summary>
    public int Status { get; init; }

    public long? CustomerId { get; init; }

    public long? AccountId { get; init; }

    /// <summary>The list it was about, if it was one.</summary>
    public long? ListId { get; init; }

    /// <summary>Add, Remove, Replace; Delete for a list deleted by file.</summary>
    public string? Action { get; init; }

    /// <summary>The upload it belongs to.</summary>
    public string? RequestId { get; init; }

    /// <summary>What the call, or the row of the list, said about the terms; null when it was silent.</summary>
    public bool? AcceptsTerms { get; init; }

    public int Items { get; init; }

    public int Accepted { get; init; }

    public int Rejected { get; init; }

    /// <summary>Size of the body.</summary>
    public int Bytes { get; init; }

    /// <summary>Whether it took effect.</summary>
    public bool Committed { get; init; }

    /// <summary>False when a fault cut the connection.</summary>
    public bool Answered { get; init; }

    /// <summary>Id of the fault that hit it.</summary>
    public int? Fault { get; init; }

    /// <summary>Codes that the answer or the result told.</summary>
    public IReadOnlyList<int> Errors { get; init; } = [];

    /// <summary>Accepted hashes in the order in which they came; null when the journal keeps counts only.</summary>
    public IReadOnlyList<string>? Hashes { get; init; }

    /// <summary>The JSON body as it came; null unless the journal keeps bodies.</summary>
    public string? Body { get; init; }
}

/// <summary>Entries after the asked sequence; <paramref name="Dropped"/> of those wanted are gone for want of room.</summary>
public sealed record MicrosoftAdvertisingJournalPage(IReadOnlyList<MicrosoftAdvertisingRecord> Entries, long Next, long Dropped);
