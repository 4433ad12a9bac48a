using System.Text;
using CustomerInsights.Sandbox.Braze.Tracking;

namespace CustomerInsights.Sandbox.Braze.Controlling;

/// <summary>Shows what was asked of a workspace, in the order in which it took effect.</summary>
internal static class ReadJournal
{
    public static JournalPage Page(BrazeWorkspace workspace, long after, int limit)
    {
        var (entries, dropped) = workspace.Journal.Read(after, limit);
        return new JournalPage([.. entries.Select(e => View(e.Sequence, e.Entry))], entries.Count > 0 ? entries[^1].Sequence : after, dropped);
    }

    private static JournalRecord View(long sequence, BrazeJournalEntry entry) => new()
    {
        Sequence = sequence,
        Time = entry.Time,
        Method = entry.Method,
        Route = entry.Route,
        Status = entry.Status,
        Attributes = entry.Attributes,
        Events = entry.Events,
        Purchases = entry.Purchases,
        Rejected = entry.Rejected,
        Bytes = entry.Bytes,
        Committed = entry.Committed,
        Answered = entry.Answered,
        Fault = entry.Fault,
        Objects = entry.Subjects is { } subjects ? JournalSubjects.Decode(subjects) : null,
        Body = entry.Body is { } body ? Encoding.UTF8.GetString(body) : null,
    };
}
