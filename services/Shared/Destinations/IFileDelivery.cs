using CustomerInsights.Destinations.Deciding;

namespace CustomerInsights.Destinations;

/// <summary>
/// The way of a destination to take many rows as one file. A file is reserved, uploaded, asked for, and read back; what each
/// step needs after a crash is in its ticket. A row is its matching key and nothing else.
/// </summary>
public interface IFileDelivery
{
    /// <summary>What the destination allows.</summary>
    FileLimits Limits { get; }

    /// <summary>How long to wait before asking for the fate of a file.</summary>
    /// <param name="rows">Rows of the file.</param>
    /// <param name="asked">How often it was asked before.</param>
    TimeSpan AskAfter(long rows, long asked);

    /// <summary>Gets a place for a file. With <see cref="Answer.Delivered"/> the step has ticket and place.</summary>
    Task<FileStep> ReserveAsync(FileOrder order, CancellationToken cancellationToken);

    /// <summary>Hands the file over, once. <see cref="Answer.Unknown"/> when it may have arrived.</summary>
    /// <param name="place">As <see cref="ReserveAsync"/> gave it.</param>
    /// <param name="keys">Its rows in their order; the n-th is row n in what is read back, from 0.</param>
    Task<FileStep> UploadAsync(FileOrder order, string place, IAsyncEnumerable<string> keys, CancellationToken cancellationToken);

    /// <summary>Asks for the fate of a file. With <see cref="Answer.Delivered"/> the step has its state.</summary>
    Task<FileStep> AskAsync(FileOrder order, string ticket, CancellationToken cancellationToken);

    /// <summary>
    /// Reads which rows of a finished file were refused. <see cref="Answer.Unknown"/> when what is read leaves open which ones, and the state
    /// <see cref="FileState.Dropped"/> when it says that the file has to be sent again: what is read does not change.
    /// </summary>
    /// <param name="result">Where, as <see cref="AskAsync"/> told.</param>
    Task<FileStep> ReadAsync(FileOrder order, string result, FileRefusals refusals, CancellationToken cancellationToken);
}

/// <summary>When changes become a file.</summary>
/// <param name="RowsAtLeast">Fewer rows go by requests.</param>
/// <param name="RowsAtMost">Rows of one file.</param>
/// <param name="FullSendEvery">After that time everybody is sent again, since the destination lets members expire; null for never.</param>
public sealed record FileLimits(long RowsAtLeast, long RowsAtMost, TimeSpan? FullSendEvery);

/// <summary>What a file does. The numbers are stored.</summary>
public enum FileKind
{
    /// <summary>Brings members in.</summary>
    Additions = 1,

    /// <summary>Takes former members out.</summary>
    Removals = 2,

    /// <summary>Holds everybody, perhaps nobody, and takes the place of whoever stood there before.</summary>
    Replacement = 3,
}

/// <summary>A file to send.</summary>
/// <param name="Audience">Key of the audience.</param>
/// <param name="Rows">How many it has.</param>
public sealed record FileOrder(FileKind Kind, string Audience, long Rows);

/// <summary>Where the destination is with a file.</summary>
public enum FileState
{
    /// <summary>It is being worked on.</summary>
    Working,

    /// <summary>Done; <see cref="FileStep.Result"/> tells where to read what became of the rows.</summary>
    Done,

    /// <summary>The destination has never received it, or has dropped it; nothing of it took effect for good, and another upload is needed.</summary>
    Dropped,
}

/// <summary>What came of a step. The answer is as for a request; <see cref="Answer.Delivered"/> means that the step is done.</summary>
public sealed record FileStep(Answer Answer)
{
    /// <summary>Machine-readable reason for anything but <see cref="Answer.Delivered"/>.</summary>
    public string Reason { get; init; } = "";

    /// <summary>When the destination wants to be asked again.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>For <see cref="Answer.Throttled"/>: files have an allowance of their own, and calls may go on.</summary>
    public bool HoldsFilesOnly { get; init; }

    /// <summary>What it knows a reserved file by. Stored.</summary>
    public string Ticket { get; init; } = "";

    /// <summary>Where to upload. Kept in memory only, since it may open a door.</summary>
    public string Place { get; init; } = "";

    /// <summary>Null when the step tells nothing of it.</summary>
    public FileState? State { get; init; }

    /// <summary>Where to read a finished file back. Kept in memory only.</summary>
    public string Result { get; init; } = "";

    public static FileStep Taken { get; } = new(Answer.Delivered);
}
