using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Forgetting;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Importing;

/// <summary>What a merge did. Staged.Kept + Staged.Deletions = Inserted + Updated + Unchanged + Deleted.</summary>
internal sealed record Merged(long Inserted, long Updated, long Unchanged, long Deleted, Staged Staged, long ChangeNumber);

/// <summary>
/// Brings rows into the profile table of an environment: all of them become visible together, under one new change number.
/// Rows equal to what is stored are left alone and get none.
/// </summary>
internal sealed class MergeProfiles(ForgetDeletions forget, TimeProvider time)
{
    /// <summary>The attributes are those that the rows give; others keep their values. Null when one of them is gone by now.</summary>
    public async Task<Merged?> RunAsync(
        Transaction transaction, string environment, IReadOnlyList<ProfileAttribute> attributes, IEnumerable<ProfileRow> rows)
    {
        var stage = new RowStage(transaction, attributes);
        var staged = await stage.FillAsync(rows);

        // From here on the other writers of the environment wait.
        var set = await ProfileSetStore.LockAsync(transaction, environment);
        if (set is null || attributes.Any(a => set.Schema.Find(a.Name)?.Kind != a.Kind))
        {
            await stage.DropAsync();
            return null;
        }

        var number = set.ChangeNumber + 1;
        var deleted = staged.Deletions == 0 ? 0 : await DeleteAsync(transaction, set, number);
        var updated = staged.Kept == 0 || attributes.Count == 0 || set.ProfileCount == 0 ? 0 : await UpdateAsync(transaction, set, attributes, number);
        var inserted = staged.Kept == 0 ? 0 : await InsertAsync(transaction, set, attributes, number);
        await stage.DropAsync();
        if (inserted + updated + deleted > 0)
        {
            var floor = deleted == 0 ? set.FeedFloor : await forget.RunAsync(transaction, set);
            set = set with { ChangeNumber = number, ProfileCount = set.ProfileCount + inserted - deleted, FeedFloor = floor };
            await ProfileSetStore.AdvanceAsync(transaction, set);
            await AnalyzeAsync(transaction, set, inserted + updated);
        }

        var unchanged = staged.Kept - inserted - updated + staged.Deletions - deleted;
        return new Merged(inserted, updated, unchanged, deleted, staged, set.ChangeNumber);
    }

    private async Task<long> DeleteAsync(Transaction transaction, ProfileSet set, long number)
    {
        var deleted = await transaction.ExecuteAsync(
            $"""
            INSERT INTO {set.DeletionTable} ({ProfileSet.IdColumn}, {ProfileSet.ChangedColumn}, deleted_at)
            SELECT p.{ProfileSet.IdColumn}, @number, @now FROM {RowStage.Table} s CROSS JOIN {set.Table} p
            WHERE s._deleted AND p.{ProfileSet.IdColumn} = s.{ProfileSet.IdColumn}
            """,
            new { number, now = time.GetUtcNow().ToMicroseconds() });
        await transaction.ExecuteAsync(
            $"DELETE FROM {set.Table} WHERE {ProfileSet.IdColumn} IN (SELECT {ProfileSet.IdColumn} FROM {RowStage.Table} WHERE _deleted)");
        return deleted;
    }

    private static Task<int> UpdateAsync(Transaction transaction, ProfileSet set, IReadOnlyList<ProfileAttribute> attributes, long number)
    {
        var assignments = string.Concat(attributes.Select(a => $", {a.Column} = s.{a.Column}"));
        var differences = string.Join(" OR ", attributes.Select(a => $"p.{a.Column} IS DISTINCT FROM s.{a.Column}"));

        // The plus keeps SQLite from walking all profiles to look each up among the few staged rows.
        var stagedId = (transaction.Engine is Engine.Sqlite ? "+" : "") + $"s.{ProfileSet.IdColumn}";
        return transaction.ExecuteAsync(
            $"""
            UPDATE {set.Table} AS p SET {ProfileSet.ChangedColumn} = @number{assignments}
            FROM {RowStage.Table} s
            WHERE p.{ProfileSet.IdColumn} = {stagedId} AND NOT s._deleted AND ({differences})
            """,
            new { number });
    }

    private static async Task<long> InsertAsync(Transaction transaction, ProfileSet set, IReadOnlyList<ProfileAttribute> attributes, long number)
    {
        var columns = string.Concat(attributes.Select(a => $", {a.Column}"));
        var values = string.Concat(attributes.Select(a => $", s.{a.Column}"));

        // SQLite would copy all staged rows once more if the query looked at the table it fills.
        var (onlyNew, orNothing) = transaction.Engine is Engine.Sqlite
            ? ("", " ON CONFLICT DO NOTHING")
            : ($" AND NOT EXISTS (SELECT 1 FROM {set.Table} p WHERE p.{ProfileSet.IdColumn} = s.{ProfileSet.IdColumn})", "");
        var inserted = await transaction.ExecuteAsync(
            $"""
            INSERT INTO {set.Table} ({ProfileSet.IdColumn}, {ProfileSet.ChangedColumn}{columns})
            SELECT s.{ProfileSet.IdColumn}, @number{values} FROM {RowStage.Table} s WHERE NOT s._deleted{onlyNew}{orNothing}
            """,
            new { number });
        if (inserted > 0)
        {
            await transaction.ExecuteAsync(
                $"""
                DELETE FROM {set.DeletionTable} AS d WHERE EXISTS (
                  SELECT 1 FROM {RowStage.Table} s WHERE s.{ProfileSet.IdColumn} = d.{ProfileSet.IdColumn} AND NOT s._deleted)
                """);
        }

        return inserted;
    }

    // Autovacuum gets to it, but a refresh may come first.
    private static async Task AnalyzeAsync(Transaction transaction, ProfileSet set, long changed)
    {
        if (transaction.Engine is Engine.PostgreSql && changed > 1000 && changed > set.ProfileCount / 10)
        {
            await transaction.ExecuteAsync($"ANALYZE {set.Table}");
        }
    }
}
