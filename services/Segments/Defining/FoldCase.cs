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

    // What ICU makes of the Turkish capital I with a dot; .NET leaves it as it is.
    private const string DottedCapital = "\u0130";
    private const string DottedSmall = "i\u0307";

    private static string Of(string text) => text.Replace(DottedCapital, DottedSmall, StringComparison.Ordinal).ToLowerInvariant().Replace(FinalSigma, Sigma);

    /// <summary>An SQL expression folded. Columns and parameters alike: two tables of Unicode would differ here and there.</summary>
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
