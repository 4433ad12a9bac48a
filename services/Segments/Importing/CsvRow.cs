using System.Text;
using System.Text.Unicode;

namespace CustomerInsights.Segments.Importing;

/// <summary>One row of a CSV file as <see cref="CsvReader"/> leaves it; reused for the next row.</summary>
internal sealed class CsvRow
{
    /// <summary>Columns beyond these are counted but not kept.</summary>
    public const int MaxFields = 1000;

    private readonly List<(int Start, int Length, bool HasQuotes)> _fields = [];
    private ReadOnlyMemory<byte> _bytes;

    /// <summary>Line on which the row starts, from 1.</summary>
    public long Line { get; private set; }

    public int FieldCount { get; private set; }

    /// <summary>What keeps the row from being read, or null.</summary>
    public ImportError? Error { get; private set; }

    /// <summary>Fields that can be asked for.</summary>
    public int KeptFields => _fields.Count;

    internal void Begin(long line)
    {
        _fields.Clear();
        (Line, FieldCount, Error) = (line, 0, null);
    }

    internal void AddField(int start, int length, bool hasQuotes)
    {
        FieldCount++;
        if (_fields.Count < MaxFields)
        {
            _fields.Add((start, length, hasQuotes));
        }
    }

    internal void End(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

    internal void Fail(string reason, string message) => Error ??= new ImportError(Line, FieldCount + 1, "", reason, message);

    internal void FailAnew(string reason, string message)
    {
        Error = null;
        Fail(reason, message);
    }

    public bool IsEmpty(int field) => _fields[field].Length == 0;

    /// <summary>The text of a field, or null when it is not valid UTF-8.</summary>
    public string? Text(int field)
    {
        var (start, length, hasQuotes) = _fields[field];
        var bytes = _bytes.Span.Slice(start, length);
        if (!Utf8.IsValid(bytes))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(bytes);
        return hasQuotes ? text.Replace("\"\"", "\"", StringComparison.Ordinal) : text;
    }
}
