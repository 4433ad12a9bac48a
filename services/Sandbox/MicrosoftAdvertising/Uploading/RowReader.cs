namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

/// <summary>
/// Reads separated rows as bytes, one row in memory at a time: RFC 4180 with quotes, LF or CRLF, a byte order mark in front.
/// Blank lines are no rows. Throws <see cref="InvalidDataException"/> for an open quote or a row above 1 MiB.
/// </summary>
internal sealed class RowReader(Stream stream, byte separator)
{
    private const int MaxRow = 1024 * 1024;
    private const int FirstBuffer = 256 * 1024;
    private const byte Quote = (byte)'"';
    private const byte LineFeed = (byte)'\n';
    private readonly List<(int Start, int Length)> _fields = [];
    private byte[] _buffer = new byte[FirstBuffer];
    private byte[] _unquoted = [];
    private byte[] _source = [];
    private int _start;
    private int _end;
    private bool _isBegun;

    public int FieldCount => _fields.Count;

    /// <summary>A field of the present row; empty when the row has fewer, or the index is negative.</summary>
    public ReadOnlySpan<byte> Field(int index)
    {
        if ((uint)index >= (uint)_fields.Count)
        {
            return default;
        }

        var (start, length) = _fields[index];
        return _source.AsSpan(start, length);
    }

    public bool Read()
    {
        int length;
        do
        {
            if (FindRow(out var quoted) is not { } found)
            {
                return false;
            }

            length = found > 0 && _buffer[_start + found - 1] == (byte)'\r' ? found - 1 : found;
            _fields.Clear();
            if (quoted)
            {
                SplitQuoted(_buffer.AsSpan(_start, length));
            }
            else
            {
                Split(_start, length);
            }

            _start = Math.Min(_end, _start + found + 1);
        }
        while (length == 0);
        return true;
    }

    /// <summary>Counts the rows that are left, quickly.</summary>
    public int CountRows()
    {
        var rows = 0;
        while (FindRow(out _) is { } length)
        {
            rows += length > 1 ? 1 : 0;
            _start = Math.Min(_end, _start + length + 1);
        }

        return rows;
    }

    /// <summary>Length of the next row without its line feed, from <see cref="_start"/> on; null at the end.</summary>
    private int? FindRow(out bool quoted)
    {
        quoted = false;
        if (!_isBegun)
        {
            Begin();
        }

        var scanned = 0;
        while (true)
        {
            var rest = _buffer.AsSpan(_start, _end - _start);
            var at = rest[scanned..].IndexOfAny(LineFeed, Quote);
            if (at < 0)
            {
                scanned = rest.Length;
                if (Fill())
                {
                    continue;
                }

                return rest.Length > 0 ? rest.Length : null;
            }

            at += scanned;
            if (rest[at] == LineFeed)
            {
                return at;
            }

            // A doubled quote is the end of one quoted piece and the beginning of the next.
            quoted = true;
            var closing = rest[(at + 1)..].IndexOf(Quote);
            if (closing < 0)
            {
                scanned = at;
                if (!Fill())
                {
                    throw new InvalidDataException("A quote is never closed.");
                }
            }
            else
            {
                scanned = at + closing + 2;
            }
        }
    }

    private void Split(int start, int length)
    {
        _source = _buffer;
        var rest = _buffer.AsSpan(start, length);
        while (true)
        {
            var at = rest.IndexOf(separator);
            if (at < 0)
            {
                _fields.Add((start, rest.Length));
                return;
            }

            _fields.Add((start, at));
            start += at + 1;
            rest = rest[(at + 1)..];
        }
    }

    private void SplitQuoted(ReadOnlySpan<byte> row)
    {
        if (_unquoted.Length < row.Length)
        {
            _unquoted = new byte[row.Length];
        }

        _source = _unquoted;
        var written = 0;
        var fieldStart = 0;
        var inside = false;
        for (var i = 0; i < row.Length; i++)
        {
            var b = row[i];
            if (b == Quote)
            {
                if (inside && i + 1 < row.Length && row[i + 1] == Quote)
                {
                    _unquoted[written++] = Quote;
                    i++;
                }
                else
                {
                    inside = !inside;
                }
            }
            else if (b == separator && !inside)
            {
                _fields.Add((fieldStart, written - fieldStart));
                fieldStart = written;
            }
            else
            {
                _unquoted[written++] = b;
            }
        }

        _fields.Add((fieldStart, written - fieldStart));
    }

    private void Begin()
    {
        _isBegun = true;
        while (_end < 3 && Fill())
        {
        }

        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        _start = _buffer.AsSpan(0, _end).StartsWith(mark) ? mark.Length : 0;
    }

    /// <summary>Reads more behind what is there; false at the end of the stream.</summary>
    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            if (_end >= MaxRow)
            {
                throw new InvalidDataException("A row is longer than 1 MiB.");
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        return read > 0;
    }
}
