using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze;

/// <summary>One authorised request, and what its handler has to tell the journal about it.</summary>
internal sealed class BrazeCall(BrazeWorkspace workspace, IQueryCollection query, ReadOnlyMemory<byte> body, DateTimeOffset now)
{
    public BrazeWorkspace Workspace => workspace;

    public IQueryCollection Query => query;

    public ReadOnlyMemory<byte> Body => body;

    public DateTimeOffset Now => now;

    /// <summary>Where the files of this workspace can be fetched.</summary>
    public string FilesAddress { get; init; } = "";

    public IReadOnlyList<ActiveFault> Rejections { get; init; } = [];

    public int Attributes { get; set; }

    public int Events { get; set; }

    public int Purchases { get; set; }

    public int Rejected { get; set; }

    public byte[]? Subjects { get; set; }

    public bool Committed { get; set; }
}

/// <summary>A route of the vendor's API.</summary>
/// <param name="Permission">What the key must be allowed to do.</param>
/// <param name="MaxBody">Bytes of body above which it answers 413.</param>
/// <param name="Handle">Does it. Synchronous: everything is in memory.</param>
internal sealed record BrazeRoute(string Method, string Path, string Permission, LimitGroup Limit, int MaxBody, Func<BrazeCall, VendorAnswer> Handle);
