namespace CustomerInsights.Destinations;

/// <summary>Which rows of a file were refused, and why: one byte for each row, however many they are.</summary>
public sealed class FileRefusals
{
    private const int MaxReasons = byte.MaxValue;

    private readonly byte[] _reasonOf;
    private readonly List<string> _reasons = [];

    /// <param name="rows">Rows of the file.</param>
    public FileRefusals(long rows) => _reasonOf = new byte[rows];

    /// <summary>Rows that were refused.</summary>
    public long Count { get; private set; }

    /// <summary>Rows of the file.</summary>
    public long Rows => _reasonOf.Length;

    /// <summary>Why a row was refused; null when it was not.</summary>
    public string? this[long row] => _reasonOf[row] == 0 ? null : _reasons[_reasonOf[row] - 1];

    /// <summary>Takes note of a refused row; false when the file has no such row. The first reason of a row counts.</summary>
    public bool Add(long row, string reason)
    {
        if (row < 0 || row >= _reasonOf.Length)
        {
            return false;
        }

        if (_reasonOf[row] == 0)
        {
            _reasonOf[row] = NumberOf(reason);
            Count++;
        }

        return true;
    }

    private byte NumberOf(string reason)
    {
        var index = _reasons.IndexOf(reason);
        if (index < 0 && _reasons.Count < MaxReasons)
        {
            _reasons.Add(reason);
            index = _reasons.Count - 1;
        }

        return (byte)(Math.Max(index, 0) + 1);
    }
}
