using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Remembering;

/// <summary>The file that is on its way for an audience: what the next claim has to know to go on with it.</summary>
internal static class FileLog
{
    /// <summary>The file of the audience, or null.</summary>
    public static Task<LoggedFile?> FindAsync(Session session, long audienceId) => session.QuerySingleOrDefaultAsync<LoggedFile>(
        "SELECT run_id, kind, rows, stage, ticket, ask_at, asked FROM files WHERE audience_id = @audienceId", new { audienceId });

    public static Task SaveAsync(Transaction transaction, long audienceId, LoggedFile file) => transaction.ExecuteAsync(
        """
        INSERT INTO files (audience_id, run_id, kind, rows, stage, ticket, ask_at, asked)
        VALUES (@audienceId, @RunId, @kind, @Rows, @stage, @Ticket, @AskAt, @Asked)
        ON CONFLICT (audience_id) DO UPDATE SET stage = excluded.stage, ticket = excluded.ticket, ask_at = excluded.ask_at, asked = excluded.asked
        """,
        new { audienceId, file.RunId, kind = (int)file.Kind, file.Rows, stage = (int)file.Stage, file.Ticket, file.AskAt, file.Asked });

    public static Task DeleteAsync(Transaction transaction, long audienceId) =>
        transaction.ExecuteAsync("DELETE FROM files WHERE audience_id = @audienceId", new { audienceId });
}

/// <summary>How far a file is. The numbers are stored.</summary>
internal enum FileStage
{
    /// <summary>Its rows are fixed.</summary>
    Made = 1,

    /// <summary>It has a ticket, and may have arrived.</summary>
    Reserved = 2,

    /// <summary>It was handed over.</summary>
    Uploaded = 3,
}

/// <summary>A file as it is remembered.</summary>
/// <param name="RunId">The run that made it.</param>
/// <param name="AskAt">When to ask for its fate, in microseconds since 1970.</param>
/// <param name="Asked">How often it was asked.</param>
internal sealed record LoggedFile(long RunId, FileKind Kind, long Rows, FileStage Stage, string Ticket, long AskAt, long Asked);
