namespace CustomerInsights.Segments.Importing;

/// <summary>One error of an import. Never holds a value of the file.</summary>
/// <param name="Line">Line on which the row starts, from 1.</param>
/// <param name="Column">Column of a CSV row, or position in a JSON line, from 1; 0 when the whole row is meant.</param>
/// <param name="Field">Attribute; empty when the whole row is meant.</param>
/// <param name="Reason">One of <see cref="ImportReason"/>.</param>
/// <param name="Message">What is wrong and the remedy.</param>
internal sealed record ImportError(long Line, int Column, string Field, string Reason, string Message);

/// <summary>Machine-readable reasons of <see cref="ImportError"/>, as the contract lists them.</summary>
internal static class ImportReason
{
    public const string WrongColumnCount = "WRONG_COLUMN_COUNT";
    public const string UnclosedQuote = "UNCLOSED_QUOTE";
    public const string InvalidUtf8 = "INVALID_UTF8";
    public const string DuplicateKey = "DUPLICATE_KEY";
    public const string MissingKey = "MISSING_KEY";
    public const string InvalidValue = "INVALID_VALUE";
    public const string FieldTooLarge = "FIELD_TOO_LARGE";
    public const string InvalidJson = "INVALID_JSON";
    public const string UnknownAttribute = "UNKNOWN_ATTRIBUTE";
}

/// <summary>The first errors of a file, and the number of rows they cost.</summary>
internal sealed class ImportErrors
{
    public const int MaxKept = 1000;

    private readonly List<ImportError> _kept = [];

    /// <summary>Rows with at least one error.</summary>
    public long RejectedRows { get; private set; }

    public void Add(ImportError error)
    {
        if (_kept.Count < MaxKept)
        {
            _kept.Add(error);
        }
    }

    public void RejectRow(long rows = 1) => RejectedRows += rows;

    public void RejectRow(ImportError error)
    {
        Add(error);
        RejectRow();
    }

    /// <summary>The first errors in file order, those found in the file and those that came to light afterwards.</summary>
    public IReadOnlyList<ImportError> FirstWith(IEnumerable<ImportError> later) =>
        [.. _kept.Concat(later).OrderBy(e => e.Line).ThenBy(e => e.Column).Take(MaxKept)];
}
