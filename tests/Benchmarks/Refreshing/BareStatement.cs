using System.Diagnostics;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Benchmarks.Refreshing;

/// <summary>
/// The least a refresh could cost: one statement that stores the ids of the members in a table without key, and a commit.
/// No difference to the version before, no index, no history, no event.
/// </summary>
internal sealed class BareStatement(Database database, string environmentId)
{
    private const string Table = "bare_members";

    /// <summary>Its time, and the members found.</summary>
    public async Task<(double Seconds, long Members)> RunAsync(Condition rule, CancellationToken cancellationToken)
    {
        var set = await database.ReadAsync(session => ProfileSetStore.FindAsync(session, environmentId), cancellationToken)
            ?? throw new InvalidOperationException("The environment has no profiles.");
        var compiled = CompileRule.Compile(RuleWire.Read(rule), set.Schema, database.Engine, TimeProvider.System.GetUtcNow());
        await database.WriteAsync(transaction => transaction.ExecuteAsync($"DROP TABLE IF EXISTS {Table}"), cancellationToken);
        await database.WriteAsync(transaction => transaction.ExecuteAsync($"CREATE TABLE {Table} (customer_id TEXT NOT NULL)"), cancellationToken);
        var began = Stopwatch.GetTimestamp();
        var members = await database.WriteAsync(
            transaction => transaction.ExecuteAsync(
                $"INSERT INTO {Table} (customer_id) SELECT p.{ProfileSet.IdColumn} FROM {set.Table} p WHERE {compiled.Sql}", compiled.Parameters),
            cancellationToken);
        return (Stopwatch.GetElapsedTime(began).TotalSeconds, members);
    }
}
