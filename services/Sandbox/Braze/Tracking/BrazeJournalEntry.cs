namespace CustomerInsights.Sandbox.Braze.Tracking;

/// <summary>What the journal keeps of one request.</summary>
internal sealed record BrazeJournalEntry(DateTimeOffset Time, string Method, string Route, int Status)
{
    public int Attributes { get; init; }

    public int Events { get; init; }

    public int Purchases { get; init; }

    public int Rejected { get; init; }

    public int Bytes { get; init; }

    /// <summary>Whether it took effect.</summary>
    public bool Committed { get; init; }

    /// <summary>Whether the client got its answer, as far as the sandbox was willing to give one.</summary>
    public bool Answered { get; init; } = true;

    /// <summary>The fault that was injected; null for none.</summary>
    public int? Fault { get; init; }

    /// <summary>Whom it was about; see <see cref="JournalSubjects"/> for the encoding. Null when not kept.</summary>
    public byte[]? Subjects { get; init; }

    /// <summary>The body as it came; null when not kept.</summary>
    public byte[]? Body { get; init; }

    public long Weight => 200 + (Subjects?.Length ?? 0) + (Body?.Length ?? 0);
}
