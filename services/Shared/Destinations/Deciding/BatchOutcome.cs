namespace CustomerInsights.Destinations.Deciding;

/// <summary>What is true of the rows of a batch that are not named as rejected.</summary>
public enum Answer
{
    /// <summary>The destination took them.</summary>
    Delivered,

    /// <summary>It refused at least one of them without saying which.</summary>
    Refused,

    /// <summary>The request was too large to be read.</summary>
    TooLarge,

    /// <summary>The account sends faster than it may; nothing was taken.</summary>
    Throttled,

    /// <summary>The destination did not handle the request.</summary>
    Unavailable,

    /// <summary>Sent, but the answer was lost: it may or may not have been handled.</summary>
    Unknown,

    /// <summary>The credential is refused.</summary>
    Unauthorized,

    /// <summary>The request as such is refused in a way that no repetition mends, such as a wrong path.</summary>
    Misdirected,
}

/// <summary>A row of the batch that the destination refused for good.</summary>
/// <param name="Row">Its place in the batch, from 0.</param>
/// <param name="Reason">Machine-readable, of our own vocabulary; never the vendor's text, which may repeat a value.</param>
public readonly record struct RowRejection(int Row, string Reason);

/// <summary>What the destination told about its rate limit, beside an answer.</summary>
/// <param name="Remaining">Requests that remain until <paramref name="ResetAt"/>.</param>
/// <param name="ResetAt">When the allowance is whole again.</param>
public sealed record RateHint(long Remaining, DateTimeOffset ResetAt);

/// <summary>The outcome of one request, as a value.</summary>
/// <param name="Answer">What is true of the rows that <see cref="Rejections"/> does not name.</param>
public sealed record BatchOutcome(Answer Answer)
{
    /// <summary>Rows refused one by one. A row named twice counts once, by its first reason.</summary>
    public IReadOnlyList<RowRejection> Rejections { get; init; } = [];

    /// <summary>Machine-readable reason for anything but <see cref="Answer.Delivered"/>.</summary>
    public string Reason { get; init; } = "";

    /// <summary>When the destination wants to be asked again.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>What it told about its rate limit.</summary>
    public RateHint? Rate { get; init; }

    /// <summary>Every row was taken.</summary>
    public static BatchOutcome AllDelivered { get; } = new(Answer.Delivered);
}
