using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Data.Sqlite;

namespace CustomerInsights.Segments.Defining;

/// <summary>Case folding for ignore_case: lower case of Unicode without regard to language, the same on both engines.</summary>
internal static class FoldCase
{
    private const string SqliteFunction = "fold_case";

    // ICU writes a capital sigma at the end of a word as a final sigma, .NET does not: both become the plain one.
    private const char FinalSigma = '\u03C2';
    private const char Sigma = '\u03C3';

    public static string Of(string text) => text.ToLowerInvariant().Replace(FinalSigma, Sigma);

    /// <summary>The same for an SQL expression.</summary>
    public static string Sql(Engine engine, string expression) => engine is Engine.Sqlite
        ? $"{SqliteFunction}({expression})"
        : $"replace(lower({expression} COLLATE \"und-x-icu\"), '{FinalSigma}', '{Sigma}')";

    /// <summary>SQLite folds ASCII only, so the connection gets a function; to be called before a statement that folds.</summary>
    public static void Prepare(Session session)
    {
        if (session.Connection is SqliteConnection connection)
        {
            connection.CreateFunction(SqliteFunction, (string? text) => text is null ? null : Of(text), isDeterministic: true);
        }
    }
}
