using System.Text.Json;

namespace CustomerInsights.Sandbox.Braze.Controlling;

/// <summary>A user with everything known about it.</summary>
public sealed record SandboxUser
{
    /// <summary>Null for a user without one.</summary>
    public string? ExternalId { get; init; }

    public string? AliasLabel { get; init; }

    public string? AliasName { get; init; }

    public string BrazeId { get; init; } = "";

    /// <summary>Reserved fields and custom attributes alike, by name.</summary>
    public IReadOnlyDictionary<string, JsonElement> Attributes { get; init; } = new Dictionary<string, JsonElement>();

    public int Events { get; init; }

    public int Purchases { get; init; }
}

/// <summary>Users ordered: those with an external id by its bytes, then alias users by label and name, then nameless ones.</summary>
public sealed record UserPage(IReadOnlyList<SandboxUser> Users, string? Next);

/// <summary>One request, as the journal keeps it.</summary>
public sealed record JournalRecord
{
    public long Sequence { get; init; }

    public DateTimeOffset Time { get; init; }

    public string Method { get; init; } = "";

    public string Route { get; init; } = "";

    /// <summary>0 when no answer was given.</summary>
    public int Status { get; init; }

    public int Attributes { get; init; }

    public int Events { get; init; }

    public int Purchases { get; init; }

    /// <summary>Objects that were rejected.</summary>
    public int Rejected { get; init; }

    /// <summary>Size of the body.</summary>
    public int Bytes { get; init; }

    /// <summary>Whether the request took effect.</summary>
    public bool Committed { get; init; }

    /// <summary>False when a fault cut the connection.</summary>
    public bool Answered { get; init; }

    /// <summary>Id of the fault that hit it.</summary>
    public int? Fault { get; init; }

    /// <summary>Whom it was about, in the order of the body; null when the journal keeps counts only.</summary>
    public IReadOnlyList<JournalSubject>? Objects { get; init; }

    /// <summary>The body as it came; null unless the journal keeps bodies.</summary>
    public string? Body { get; init; }
}

/// <summary>Whom one object of a request was about.</summary>
public sealed record JournalSubject
{
    public string? ExternalId { get; init; }

    public string? AliasLabel { get; init; }

    public string? AliasName { get; init; }

    public string? BrazeId { get; init; }

    public string? Email { get; init; }

    public string? Phone { get; init; }

    public bool Rejected { get; init; }
}

/// <summary>Entries after the asked sequence; <paramref name="Dropped"/> of those wanted are gone for want of room.</summary>
public sealed record JournalPage(IReadOnlyList<JournalRecord> Entries, long Next, long Dropped);

/// <summary>How many users there are, and the SHA-256 of all of them: see the README for what is hashed.</summary>
public sealed record UsersDigest(int Users, string Sha256);

/// <summary>What a key may do, without the key.</summary>
public sealed record KeyView(string Workspace, IReadOnlyList<string> Permissions);
