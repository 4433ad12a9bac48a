using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>One request, and what its handler has to tell the journal about it.</summary>
internal sealed class MicrosoftAdvertisingCall(MicrosoftAdvertisingSandbox sandbox, HttpRequest request, ReadOnlyMemory<byte> body, DateTimeOffset now)
{
    public MicrosoftAdvertisingSandbox Sandbox => sandbox;

    public HttpRequest Request => request;

    public ReadOnlyMemory<byte> Body => body;

    public DateTimeOffset Now => now;

    /// <summary>What the vendor's support would ask for.</summary>
    public required string TrackingId { get; init; }

    /// <summary>The last part of the path, where it varies.</summary>
    public string Tail { get; init; } = "";

    /// <summary>Address of the sandbox as the caller knows it.</summary>
    public Uri Address => new($"{request.Scheme}://{request.Host}/");

    /// <summary>Who signed in; set once the headers are found good.</summary>
    public AdUser? User { get; set; }

    /// <summary>The account in the headers; set once they are found good.</summary>
    public AdAccount? Account { get; set; }

    public FaultDecision Decision { get; init; }

    /// <summary>For the upload of a file: its place among the uploads at once.</summary>
    public UploadSlot? Slot { get; init; }

    public string? RequestId { get; set; }

    public long? ListId { get; set; }

    public string? Action { get; set; }

    /// <summary>What it said about the terms; null when it was silent.</summary>
    public bool? AcceptsTerms { get; set; }

    public int Items { get; set; }

    public int Accepted { get; set; }

    public int Rejected { get; set; }

    public byte[]? Hashes { get; set; }

    public bool Committed { get; set; }

    /// <summary>Codes that the answer tells.</summary>
    public SortedSet<int> Errors { get; } = [];
}

/// <summary>What a request must prove before its operation begins.</summary>
internal enum CallerProof
{
    /// <summary>Nothing: signing in, and fetching files, whose address is the secret.</summary>
    None,

    /// <summary>A token and a developer token.</summary>
    User,

    /// <summary>Also customer and account, which the user can reach.</summary>
    Account,

    /// <summary>The operation looks at headers of its own.</summary>
    Own,
}

/// <summary>An operation of the vendor's API.</summary>
/// <param name="Path">Where it is; ending with a slash, it takes one more part.</param>
/// <param name="Handle">Does it. Synchronous: everything is in memory.</param>
internal sealed record MicrosoftAdvertisingRoute(string Method, string Path, string Operation, CallerProof Proof, Func<MicrosoftAdvertisingCall, VendorAnswer> Handle)
{
    /// <summary>Bytes of body above which it answers 413.</summary>
    public int MaxBody { get; init; } = 4_000_000;
}
