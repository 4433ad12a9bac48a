using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.ServiceDefaults.Events.Receiving;

/// <summary>The inbox table: which events have had their effects.</summary>
internal static class Inbox
{
    /// <summary>Records an event with its effects. False when it was recorded before: then there is nothing to do.</summary>
    public static async Task<bool> TryRecordAsync(Transaction transaction, string consumer, CloudEvent received, DateTimeOffset now) =>
        await transaction.ExecuteAsync(
            """
            INSERT INTO inbox (consumer, source, event_id, received_at) VALUES (@consumer, @Source, @Id, @now)
            ON CONFLICT DO NOTHING
            """,
            new { consumer, received.Source, received.Id, now = now.ToMicroseconds() }) == 1;
}
