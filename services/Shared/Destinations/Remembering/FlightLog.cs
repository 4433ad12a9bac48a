using System.Text.Json;
using CustomerInsights.Destinations.Delivering;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Remembering;

/// <summary>
/// Rows on their way. Should the worker die before it knows their fate, nothing else would remember that they may have
/// arrived: a customer may leave before the next claim, or be again what the ledger says was delivered last.
/// </summary>
internal static class FlightLog
{
    /// <summary>Records the keys of flights before they are sent.</summary>
    public static async Task TakeOffAsync(Transaction transaction, long audienceId, IReadOnlyList<Flight> flights)
    {
        foreach (var (id, rows) in flights)
        {
            await transaction.ExecuteAsync(
                "INSERT INTO flights (run_id, epoch, number, audience_id, keys) VALUES (@RunId, @Epoch, @Number, @audienceId, @keys)",
                new { id.RunId, id.Epoch, id.Number, audienceId, keys = JsonSerializer.Serialize(rows.SelectMany(row => new[] { row.CustomerId, row.Mapped.Key })) });
        }
    }

    /// <summary>Forgets flights whose rows are all settled.</summary>
    public static async Task LandAsync(Transaction transaction, IReadOnlyList<FlightId> flights)
    {
        foreach (var flight in flights)
        {
            await transaction.ExecuteAsync("DELETE FROM flights WHERE run_id = @RunId AND epoch = @Epoch AND number = @Number", flight);
        }
    }

    /// <summary>
    /// Queues the keys of flights that never landed, and takes what the ledger says of their customers for unknown. Whoever
    /// is still a member is delivered again, whatever it looks like, and so keeps the key; the others are taken out.
    /// </summary>
    public static async Task RecoverAsync(Transaction transaction, long audienceId)
    {
        foreach (var flight in await transaction.QueryAsync<string>("SELECT keys FROM flights WHERE audience_id = @audienceId", new { audienceId }))
        {
            var parts = JsonSerializer.Deserialize<string[]>(flight) ?? [];
            var customers = parts.Where((_, i) => i % 2 == 0).ToArray();
            await transaction.ExecuteAsync(
                $"UPDATE ledger SET hash_high = 0, hash_low = 0 WHERE audience_id = @audienceId AND {ValueList.IsOneOf(transaction.Engine, "customer_id", "@ids")}",
                new { audienceId, ids = ValueList.Of(transaction.Engine, customers) });
            var removals = Enumerable.Range(0, parts.Length / 2).Select(i => new Removal(parts[(2 * i) + 1], parts[2 * i], RemovalCause.Recovered));
            await RemovalQueue.AddAsync(transaction, audienceId, [.. removals]);
        }

        await transaction.ExecuteAsync("DELETE FROM flights WHERE audience_id = @audienceId", new { audienceId });
    }
}

/// <summary>Names a request for good: of a run, of one claim of it.</summary>
internal sealed record FlightId(long RunId, long Epoch, long Number);
