using CustomerInsights.Sandbox.MicrosoftAdvertising;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;

namespace CustomerInsights.EndToEnd.Staging;

/// <summary>What one ad account has got.</summary>
internal sealed record AdvertisingJournal(IReadOnlyList<MicrosoftAdvertisingRecord> Entries)
{
    /// <summary>Sequence of the newest entry; 0 without any.</summary>
    public long Last => Entries.Count == 0 ? 0 : Entries[^1].Sequence;

    /// <summary>Files that were taken.</summary>
    public int Uploads => Count(MicrosoftAdvertisingOperations.UploadBulkFile);

    /// <summary>Rows in files, and items in calls, that took effect.</summary>
    public long Rows => RowsOf("Add") + RowsOf("Remove") + RowsOf("Replace");

    /// <summary>Requests of an operation that took effect.</summary>
    public int Count(string operation) => Entries.Count(entry => entry.Operation == operation && entry.Committed);

    /// <summary>Rows with one action.</summary>
    public long RowsOf(string action) => Entries.Where(entry => entry.Action == action && entry.Committed).Sum(entry => (long)entry.Items);
}
