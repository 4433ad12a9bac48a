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
    public static Task TakeOffAsync(Transaction transaction, long audienceId, IReadOnlyList<Flight> flights) => RunAsync(
        transaction,
        """
        INSERT INTO flights (run_id, epoch, number, keys, audience_id)
        SELECT f.*, @audienceId FROM unnest(@runs, @epochs, @numbers, @keys) AS f
        """,
        "INSERT INTO flights (run_id, epoch, number, keys, audience_id) VALUES (@RunId, @Epoch, @Number, @Keys, @AudienceId)",
        [.. flights.Select(flight => new FlightRow(flight.Id.RunId, flight.Id.Epoch, flight.Id.Number, KeysOf(flight), audienceId))]);

    /// <summary>Forgets flights whose rows are all settled.</summary>
    public static Task LandAsync(Transaction transaction, long audienceId, IReadOnlyList<FlightId> flights) => RunAsync(
        transaction,
        """
        DELETE FROM flights USING unnest(@runs, @epochs, @numbers) AS f (run_id, epoch, number)
        WHERE flights.run_id = f.run_id AND flights.epoch = f.epoch AND flights.number = f.number
        """,
        "DELETE FROM flights WHERE run_id = @RunId AND epoch = @Epoch AND number = @Number",
        [.. flights.Select(id => new FlightRow(id.RunId, id.Epoch, id.Number, "", audienceId))]);

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

    private static string KeysOf(Flight flight) => JsonSerializer.Serialize(flight.Rows.SelectMany(row => new[] { row.CustomerId, row.Mapped.Key }));

    // One round trip for all of them where there is one to save; SQLite has none.
    private static async Task RunAsync(Transaction transaction, string forAll, string forEach, IReadOnlyList<FlightRow> rows)
    {
        if (rows.Count > 0)
        {
            await (transaction.Engine == Engine.PostgreSql
                ? transaction.ExecuteAsync(forAll, new
                {
                    rows[0].AudienceId,
                    runs = rows.Select(row => row.RunId).ToArray(),
                    epochs = rows.Select(row => row.Epoch).ToArray(),
                    numbers = rows.Select(row => row.Number).ToArray(),
                    keys = rows.Select(row => row.Keys).ToArray(),
                })
                : transaction.ExecuteAsync(forEach, rows));
        }
    }

    private sealed record FlightRow(long RunId, long Epoch, long Number, string Keys, long AudienceId);
}

/// <summary>Names a request for good: of a run, of one claim of it.</summary>
internal sealed record FlightId(long RunId, long Epoch, long Number);
