namespace CustomerInsights.Segments.Importing;

/// <summary>
/// Reads RFC 4180 rows from bytes that arrive in pieces, cut anywhere. After a quote that is never closed, or goes on after
/// closing, it resumes on the line after the one on which the row began, so that one bad quote costs one row.
/// A field over <see cref="MaxFieldBytes"/> is skipped to its end without being kept.
/// </summary>
internal sealed class CsvReader
{
    public const int MaxFieldBytes = 1024 * 1024;
    public const int MaxRowBytes = 4 * 1024 * 1024;

    private readonly ByteWindow _window = new();
    private State _state;
    private bool _isStarted;
    private bool _isInRow;
    private bool _isSkipping;
    private bool _hasQuotes;
    private int _scan;
    private int _fieldStart;
    private int _closingQuote;
    private int _read;
    private long _line = 1;
    private long _skippedLines;

    private enum State
    {
        FieldStart,
        Plain,
        Quoted,
        QuoteSeen,
        RestOfLine,
    }

    private enum Step
    {
        GoOn,
        NeedMore,
        RowEnded,
    }

    public void Append(ReadOnlySpan<byte> chunk) => _window.Append(chunk);

    public void Complete() => _window.Complete();

    /// <summary>Reads the next row, good or bad; empty lines are passed over. False when more bytes are needed, or none are left.</summary>
    public bool TryRead(CsvRow row)
    {
        _window.Consume(_read);
        _read = 0;
        if (!_isInRow)
        {
            if (!SkipByteOrderMark() || !SkipEmptyLines())
            {
                return false;
            }

            row.Begin(_line);
            (_isInRow, _isSkipping, _state, _scan, _skippedLines) = (true, false, State.FieldStart, 0, 0);
        }

        var step = Step.GoOn;
        while (step is Step.GoOn)
        {
            step = Advance(row);
        }

        if (step is Step.NeedMore)
        {
            CheckSize(row);
            Discard();
            return false;
        }

        _isInRow = false;
        _line += _skippedLines + _window.Span[.._scan].Count((byte)'\n');
        _read = _scan;
        row.End(_window.Memory[.._scan]);
        return true;
    }

    private Step Advance(CsvRow row) => _state switch
    {
        State.FieldStart => StartField(row),
        State.Plain => ReadPlain(row),
        State.Quoted => ReadQuoted(row),
        State.QuoteSeen => ReadAfterQuote(row),
        _ => ReadRestOfLine(),
    };

    private Step StartField(CsvRow row)
    {
        if (_scan == _window.Length && !_window.IsComplete)
        {
            return Step.NeedMore;
        }

        var isQuoted = _scan < _window.Length && _window.Span[_scan] == '"';
        _scan += isQuoted ? 1 : 0;
        (_state, _fieldStart, _hasQuotes) = (isQuoted ? State.Quoted : State.Plain, _scan, false);
        return isQuoted ? Step.GoOn : ReadPlain(row);
    }

    private Step ReadPlain(CsvRow row)
    {
        var found = _window.Span[_scan..].IndexOfAny((byte)',', (byte)'\n');
        if (found < 0 && !_window.IsComplete)
        {
            return NeedMore();
        }

        var end = found < 0 ? _window.Length : _scan + found;
        var isComma = found >= 0 && _window.Span[end] == ',';
        _scan = found < 0 ? end : end + 1;
        EndField(row, !isComma && end > _fieldStart && _window.Span[end - 1] == '\r' ? end - 1 : end);
        _state = State.FieldStart;
        return isComma ? Step.GoOn : Step.RowEnded;
    }

    private Step ReadQuoted(CsvRow row)
    {
        var found = _window.Span[_scan..].IndexOf((byte)'"');
        if (found < 0)
        {
            _scan = _window.Length;
            return _window.IsComplete ? RefuseQuote(row) : Step.NeedMore;
        }

        _closingQuote = _scan + found;
        _scan = _closingQuote + 1;
        _state = State.QuoteSeen;
        return Step.GoOn;
    }

    private Step ReadAfterQuote(CsvRow row)
    {
        var rest = _window.Span[_scan..];
        if (rest.IsEmpty || (rest.Length == 1 && rest[0] == '\r'))
        {
            return _window.IsComplete ? CloseQuoted(row, rest.Length, Step.RowEnded) : Step.NeedMore;
        }

        switch (rest[0])
        {
            case (byte)'"':
                (_hasQuotes, _state) = (true, State.Quoted);
                _scan++;
                return Step.GoOn;
            case (byte)',':
                return CloseQuoted(row, 1, Step.GoOn);
            case (byte)'\n':
                return CloseQuoted(row, 1, Step.RowEnded);
            case (byte)'\r' when rest[1] == '\n':
                return CloseQuoted(row, 2, Step.RowEnded);
            default:
                return RefuseQuote(row);
        }
    }

    private Step ReadRestOfLine()
    {
        var found = _window.Span[_scan..].IndexOf((byte)'\n');
        if (found < 0 && !_window.IsComplete)
        {
            return NeedMore();
        }

        _scan = found < 0 ? _window.Length : _scan + found + 1;
        return Step.RowEnded;
    }

    private Step CloseQuoted(CsvRow row, int separatorLength, Step next)
    {
        _scan += separatorLength;
        EndField(row, _closingQuote);
        _state = State.FieldStart;
        return next;
    }

    private void EndField(CsvRow row, int end)
    {
        if (end - _fieldStart > MaxFieldBytes)
        {
            FailTooLarge(row);
        }

        CheckSize(row);
        if (!_isSkipping)
        {
            row.AddField(_fieldStart, end - _fieldStart, _hasQuotes);
        }
    }

    private Step RefuseQuote(CsvRow row)
    {
        CheckSize(row);
        var isAtEnd = _state is State.Quoted;
        if (_isSkipping)
        {
            if (isAtEnd)
            {
                row.FailAnew(ImportReason.UnclosedQuote, "The quote opened here is never closed; the lines after it were not read.");
            }

            _state = State.RestOfLine;
            return Step.GoOn;
        }

        row.Fail(ImportReason.UnclosedQuote, "The quote opened here is not closed properly. Close it; write a quote inside a field twice.");
        var lineEnd = _window.Span[.._scan].IndexOf((byte)'\n');
        if (lineEnd >= 0)
        {
            _scan = lineEnd + 1;
            return Step.RowEnded;
        }

        (_state, _isSkipping) = (State.RestOfLine, true);
        return Step.GoOn;
    }

    private Step NeedMore()
    {
        _scan = _window.Length;
        return Step.NeedMore;
    }

    // While a field is open, up to three bytes more may turn out to be its closing quote and the end of the line.
    private void CheckSize(CsvRow row)
    {
        if (!_isSkipping && (_scan > MaxRowBytes || (_state is not State.FieldStart && _scan - _fieldStart > MaxFieldBytes + 3)))
        {
            FailTooLarge(row);
        }
    }

    private void FailTooLarge(CsvRow row)
    {
        row.Fail(ImportReason.FieldTooLarge, "A field may have 1 MiB and a row 4 MiB. Is a quote missing?");
        _isSkipping = true;
    }

    private void Discard()
    {
        if (!_isSkipping)
        {
            return;
        }

        _skippedLines += _window.Span[.._scan].Count((byte)'\n');
        _window.Consume(_scan);
        (_scan, _fieldStart, _closingQuote) = (0, 0, 0);
    }

    private bool SkipByteOrderMark()
    {
        if (!_isStarted)
        {
            if (_window.Length < 3 && !_window.IsComplete)
            {
                return false;
            }

            _isStarted = true;
            _window.Consume(_window.Span.StartsWith("\uFEFF"u8) ? 3 : 0);
        }

        return true;
    }

    private bool SkipEmptyLines()
    {
        while (_window.Length > 0)
        {
            var bytes = _window.Span;
            var length = bytes[0] == '\n' ? 1 : bytes.StartsWith("\r\n"u8) ? 2 : 0;
            if (bytes.Length == 1 && bytes[0] == '\r')
            {
                return false;
            }

            if (length == 0)
            {
                return true;
            }

            _window.Consume(length);
            _line++;
        }

        return false;
    }
}
