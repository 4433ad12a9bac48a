using System.Globalization;
using CustomerInsights.Segments.Defining;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;
using Npgsql;

namespace CustomerInsights.Segments.Refreshing;

/// <summary>
/// Drops the members of a deleted segment, an hour after its deletion: streams that began before read them to their end.
/// </summary>
internal sealed class DiscardMembers(Database database, TimeProvider time) : IJobHandler
{
    private static readonly TimeSpan Grace = TimeSpan.FromHours(1);
    private static readonly TimeSpan BusyPause = TimeSpan.FromMinutes(10);

    public string Kind => "discard-members";

    public static Job JobFor(Segment segment, DateTimeOffset now) => new(
        "discard-members",
        segment.StorageId,
        segment.StorageId,
        string.Create(CultureInfo.InvariantCulture, $"{(now + Grace).ToMicroseconds()}"));

    public async Task<JobOutcome> RunAsync(LeasedJob job, CancellationToken cancellationToken)
    {
        var due = Timestamps.FromMicroseconds(long.Parse(job.Job.Payload, CultureInfo.InvariantCulture));
        if (time.GetUtcNow() < due)
        {
            return JobOutcome.Retry(due);
        }

        try
        {
            await database.WriteAsync(transaction => DropAsync(transaction, job.Job.Key), cancellationToken);
            return JobOutcome.Done;
        }
        catch (PostgresException busy) when (busy.SqlState is PostgresErrorCodes.LockNotAvailable)
        {
            return JobOutcome.Retry(time.GetUtcNow() + BusyPause);
        }
    }

    private static async Task DropAsync(Transaction transaction, string storageId)
    {
        if (transaction.Engine is Engine.PostgreSql)
        {
            await transaction.ExecuteAsync("SET LOCAL lock_timeout = '2s'");
        }

        await transaction.ExecuteAsync($"DROP TABLE IF EXISTS {Identifier.Quote($"members_{storageId}")}");
    }
}
