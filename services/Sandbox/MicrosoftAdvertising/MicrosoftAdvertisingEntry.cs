namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>What the journal keeps of one request, or of one uploaded file taking effect on one list.</summary>
internal sealed record MicrosoftAdvertisingEntry(DateTimeOffset Time, string Operation, string Method, string Route, int Status)
{
    public long? CustomerId { get; init; }

    public long? AccountId { get; init; }

    public long? ListId { get; init; }

    /// <summary>Add, Remove or Replace.</summary>
    public string? Action { get; init; }

    /// <summary>Of the upload it belongs to.</summary>
    public string? RequestId { get; init; }

    /// <summary>What it said about the terms; null when it was silent.</summary>
    public bool? AcceptsTerms { get; init; }

    public int Items { get; init; }

    public int Accepted { get; init; }

    public int Rejected { get; init; }

    public int Bytes { get; init; }

    public bool Committed { get; init; }

    public bool Answered { get; init; } = true;

    public int? Fault { get; init; }

    public IReadOnlyList<int> Errors { get; init; } = [];

    /// <summary>The accepted hashes, 32 bytes each; null when not kept.</summary>
    public byte[]? Hashes { get; init; }

    public byte[]? Body { get; init; }

    public long Weight => 250 + (Hashes?.Length ?? 0) + (Body?.Length ?? 0);
}
