using System.Text;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Applying;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;

/// <summary>Shows what was asked, in the order in which it took effect.</summary>
internal static class ReadEntries
{
    public static MicrosoftAdvertisingJournalPage Page(MicrosoftAdvertisingSandbox sandbox, long after, int limit)
    {
        var (entries, dropped) = sandbox.Journal.Read(after, limit);
        return new MicrosoftAdvertisingJournalPage([.. entries.Select(View)], entries.Count > 0 ? entries[^1].Sequence : after, dropped);
    }

    private static MicrosoftAdvertisingRecord View(Numbered<MicrosoftAdvertisingEntry> numbered)
    {
        var entry = numbered.Entry;
        return new MicrosoftAdvertisingRecord
        {
            Sequence = numbered.Sequence,
            Time = entry.Time,
            Operation = entry.Operation,
            Method = entry.Method,
            Route = entry.Route,
            Status = entry.Status,
            CustomerId = entry.CustomerId,
            AccountId = entry.AccountId,
            ListId = entry.ListId,
            Action = entry.Action,
            RequestId = entry.RequestId,
            AcceptsTerms = entry.AcceptsTerms,
            Items = entry.Items,
            Accepted = entry.Accepted,
            Rejected = entry.Rejected,
            Bytes = entry.Bytes,
            Committed = entry.Committed,
            Answered = entry.Answered,
            Fault = entry.Fault,
            Errors = entry.Errors,
            Hashes = entry.Hashes is { } hashes ? JournalHashes.Decode(hashes) : null,
            Body = entry.Body is { } body ? Encoding.UTF8.GetString(body) : null,
        };
    }
}
