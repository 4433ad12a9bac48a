using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

/// <summary>Names of the states of an upload that this stand-in comes to by itself.</summary>
internal static class UploadStatus
{
    public const string PendingFileUpload = "PendingFileUpload";
    public const string FileUploaded = "FileUploaded";
    public const string InProgress = "InProgress";
    public const string Completed = "Completed";
    public const string CompletedWithErrors = "CompletedWithErrors";
    public const string RowCountExceeded = "UploadFileRowCountExceeded";
    public const string FormatNotSupported = "UploadFileFormatNotSupported";
    public const string Expired = "Expired";
}

/// <summary>A file as it was received.</summary>
/// <param name="Name">Its name; the extension says what it is.</param>
/// <param name="Ending">The status a fault has chosen for it; null to find out.</param>
/// <param name="Rejections">Faults that reject items of it.</param>
/// <param name="DueAt">When it takes effect.</param>
internal sealed record ReceivedFile(byte[] Bytes, string Name, string? Ending, IReadOnlyList<ActiveFault> Rejections, DateTimeOffset ReceivedAt, DateTimeOffset DueAt);

/// <summary>How an upload ended.</summary>
/// <param name="Result">The zipped result file; null when there is none.</param>
/// <param name="Error">Code of what went wrong with the whole file.</param>
internal sealed record UploadOutcome(string Status, byte[]? Result, int? Error);

/// <summary>An upload, from the request for its address to its result. The store's lock is held around every change.</summary>
internal sealed class BulkUpload(string requestId, AdAccount account, string userName, bool withResults, DateTimeOffset requestedAt)
{
    public static readonly TimeSpan UrlLife = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan ResultLife = TimeSpan.FromMinutes(15);

    public string RequestId => requestId;

    public AdAccount Account => account;

    public string UserName => userName;

    /// <summary>ErrorsAndResults, not ErrorsOnly.</summary>
    public bool WithResults => withResults;

    public DateTimeOffset UrlExpires => requestedAt + UrlLife;

    /// <summary>Null until it was received.</summary>
    public ReceivedFile? File { get; set; }

    /// <summary>Null until it took effect.</summary>
    public UploadOutcome? Outcome { get; set; }

    /// <summary>When the result file disappears. Counted from the effect, since otherwise slow files had no result at all.</summary>
    public DateTimeOffset ResultGone => (File?.DueAt ?? requestedAt) + ResultLife;
}
