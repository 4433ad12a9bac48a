using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Delivering;
using CustomerInsights.ServiceDefaults.Storage;
using Google.Protobuf;

namespace CustomerInsights.Destinations.Remembering;

/// <summary>Runs, and how far each is with each of its audiences: what the next claim goes on from.</summary>
internal static class RunStore
{
    /// <summary>The run; recorded now if it is new.</summary>
    public static async Task<RunRecord> OpenAsync(Transaction transaction, string run)
    {
        await transaction.ExecuteAsync("INSERT INTO runs (run) VALUES (@run) ON CONFLICT (run) DO NOTHING", new { run });
        return await transaction.QuerySingleAsync<RunRecord>("SELECT run_id, state, reason, message, resume_at AS resume_micros FROM runs WHERE run = @run", new { run });
    }

    /// <summary>The run has ended so, whatever happens before that is reported.</summary>
    public static Task EndAsync(Transaction transaction, long runId, RunEnd end) => transaction.ExecuteAsync(
        "UPDATE runs SET state = @state, reason = @Reason, message = @Message WHERE run_id = @runId",
        new { runId, state = (int)end.State, end.Reason, end.Message });

    /// <summary>The run is put down until then. How often it was in a row, without anything being taken in between.</summary>
    public static Task<long> PauseAsync(Transaction transaction, long runId, DateTimeOffset resumeAt, bool hasTaken) => transaction.QuerySingleAsync<long>(
        "UPDATE runs SET resume_at = @at, pauses = CASE WHEN @hasTaken = 1 THEN 1 ELSE pauses + 1 END WHERE run_id = @runId RETURNING pauses",
        new { runId, at = resumeAt.ToMicroseconds(), hasTaken = hasTaken ? 1 : 0 });

    /// <summary>How far a run is with each of its audiences.</summary>
    public static Task<IReadOnlyList<RunAudience>> ListAudiencesAsync(Session session, long runId) => session.QueryAsync<RunAudience>(
        "SELECT audience_id, counts, removed, removals_rejected, requests FROM run_audiences WHERE run_id = @runId ORDER BY audience_id",
        new { runId });

    /// <summary>Where the run stands with an audience; recorded now if it is new.</summary>
    public static async Task<AudienceProgress> OpenAudienceAsync(Transaction transaction, long runId, long audienceId, Stage first)
    {
        await transaction.ExecuteAsync(
            "INSERT INTO run_audiences (run_id, audience_id, stage) VALUES (@runId, @audienceId, @stage) ON CONFLICT (run_id, audience_id) DO NOTHING",
            new { runId, audienceId, stage = (int)first });
        return await transaction.QuerySingleAsync<AudienceProgress>(
            """
            SELECT stage, checkpoint, position, counts, removed, removals_rejected, requests FROM run_audiences
            WHERE run_id = @runId AND audience_id = @audienceId
            """,
            new { runId, audienceId });
    }

    /// <summary>Members up to a customer id are settled, with these counts; or, with a null id, nothing is yet.</summary>
    public static Task CheckpointAsync(Transaction transaction, LedgerScope scope, Checkpoint checkpoint) => transaction.ExecuteAsync(
        "UPDATE run_audiences SET checkpoint = @CustomerId, position = @position, counts = @counts, requests = @Requests WHERE run_id = @RunId AND audience_id = @AudienceId",
        new
        {
            scope.RunId,
            scope.AudienceId,
            checkpoint.CustomerId,
            position = checkpoint.Position?.ToByteArray(),
            counts = checkpoint.Counts.ToByteArray(),
            checkpoint.Requests,
        });

    public static Task EnterAsync(Transaction transaction, LedgerScope scope, Stage stage) => transaction.ExecuteAsync(
        "UPDATE run_audiences SET stage = @stage WHERE run_id = @RunId AND audience_id = @AudienceId",
        new { scope.RunId, scope.AudienceId, stage = (int)stage });

    /// <summary>Adds to what was taken out.</summary>
    public static Task CountRemovalsAsync(Transaction transaction, LedgerScope scope, RemovalCounts counts) => transaction.ExecuteAsync(
        """
        UPDATE run_audiences SET removed = removed + @Removed, removals_rejected = removals_rejected + @Rejected, requests = @Requests
        WHERE run_id = @RunId AND audience_id = @AudienceId
        """,
        new { scope.RunId, scope.AudienceId, counts.Removed, counts.Rejected, counts.Requests });
}

/// <summary>A run as it is remembered.</summary>
/// <param name="State">How it ended, or null.</param>
/// <param name="ResumeMicros">Until when it was put down last, in microseconds since 1970, or null.</param>
internal sealed record RunRecord(long RunId, RunState? State, string Reason, string Message, long? ResumeMicros)
{
    public DateTimeOffset? ResumeAt => Timestamps.FromMicroseconds(ResumeMicros);

    public RunEnd? End => State is { } state ? new RunEnd(state, Reason) { Message = Message } : null;
}

/// <summary>Counts of an audience of a run, as they are stored.</summary>
internal sealed record RunAudience(long AudienceId, byte[]? Counts, long Removed, long RemovalsRejected, long Requests)
{
    public ReportProgressRequest Report() => AudienceCounts.WithSendings(
        Counts is null ? new ReportProgressRequest { Counts = new RunCounts() } : ReportProgressRequest.Parser.ParseFrom(Counts), Removed, RemovalsRejected, Requests);
}

/// <summary>What a run does with an audience, in this order. The numbers are stored.</summary>
internal enum Stage
{
    /// <summary>Brings members in.</summary>
    Adding = 1,

    /// <summary>Takes former ones out.</summary>
    Removing = 2,

    /// <summary>Looks at every member again, since a key lost its holder while a duplicate has it.</summary>
    Comparing = 3,

    /// <summary>Takes out what waited for that.</summary>
    RemovingRest = 4,

    Done = 5,

    /// <summary>After <see cref="Adding"/>, when all that is due was written down first: sends it.</summary>
    Sending = 6,

    /// <summary>After <see cref="Comparing"/>, likewise.</summary>
    SendingRest = 7,
}

/// <summary>Where a run stands with an audience.</summary>
internal sealed record AudienceProgress(
    Stage Stage, string? Checkpoint, byte[]? Position, byte[]? Counts, long Removed, long RemovalsRejected, long Requests)
{
    public FeedPosition? FeedPosition => Position is null ? null : Contracts.Segments.V1.FeedPosition.Parser.ParseFrom(Position);

    /// <summary>Counts up to the checkpoint, by class and by segment.</summary>
    public ReportProgressRequest? CountsSoFar => Counts is null ? null : ReportProgressRequest.Parser.ParseFrom(Counts);
}

/// <summary>Everything up to a customer id is settled.</summary>
/// <param name="CustomerId">Null when the reading cannot be taken up in its middle.</param>
/// <param name="Position">Of the snapshot that is read.</param>
/// <param name="Counts">Of the settled members.</param>
/// <param name="Requests">Requests sent so far.</param>
internal sealed record Checkpoint(string? CustomerId, FeedPosition? Position, ReportProgressRequest Counts, long Requests);

/// <summary>Removals settled in one transaction.</summary>
internal readonly record struct RemovalCounts(long Removed, long Rejected, long Requests);
