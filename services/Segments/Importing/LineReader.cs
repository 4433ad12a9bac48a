namespace CustomerInsights.Segments.Importing;

/// <summary>Cuts bytes that arrive in pieces into lines. A line over <see cref="MaxLineBytes"/> is passed over without being kept.</summary>
internal sealed class LineReader
{
    public const int MaxLineBytes = 4 * 1024 * 1024;

    private readonly ByteWindow _window = new();
    private int _read;
    private int _scanned;
    private bool _isStarted;
    private bool _isSkipping;

    /// <summary>Number of the line read last, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>The line read last, without its end; valid until the next call. Null when it was too long.</summary>
    public ReadOnlyMemory<byte>? Bytes { get; private set; }

    public void Append(ReadOnlySpan<byte> chunk) => _window.Append(chunk);

    public void Complete() => _window.Complete();

    /// <summary>False when more bytes are needed, or none are left.</summary>
    public bool TryRead()
    {
        _window.Consume(_read);
        _read = 0;
        if (!SkipByteOrderMark())
        {
            return false;
        }

        var found = _window.Span[_scanned..].IndexOf((byte)'\n');
        if (found < 0 && (!_window.IsComplete || (_window.Length == 0 && !_isSkipping)))
        {
            Wait();
            return false;
        }

        var length = found < 0 ? _window.Length : _scanned + found;
        Line++;
        Bytes = _isSkipping || length > MaxLineBytes ? (ReadOnlyMemory<byte>?)null : _window.Memory[..length];
        _read = found < 0 ? length : length + 1;
        (_scanned, _isSkipping) = (0, false);
        return true;
    }

    private void Wait()
    {
        _isSkipping |= _window.Length > MaxLineBytes;
        if (_isSkipping)
        {
            _window.Consume(_window.Length);
        }

        _scanned = _window.Length;
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
}
