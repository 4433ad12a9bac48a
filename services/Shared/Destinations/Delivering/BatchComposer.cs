namespace CustomerInsights.Destinations.Delivering;

/// <summary>Cuts rows into requests: never more rows, never more bytes than the destination takes.</summary>
internal sealed class BatchComposer<TRow>(DestinationLimits limits)
{
    private List<TRow> _rows = new(limits.RowsPerRequest);
    private int _bytes = limits.EnvelopeBytes;

    /// <summary>Takes a row in; returns a full request when it does not fit any more.</summary>
    public IReadOnlyList<TRow>? Add(TRow row, int bytes)
    {
        var full = _rows.Count == limits.RowsPerRequest || (_rows.Count > 0 && _bytes + limits.SeparatorBytes + bytes > limits.BodyBytes) ? Take() : null;
        _bytes += bytes + (_rows.Count == 0 ? 0 : limits.SeparatorBytes);
        _rows.Add(row);
        return full;
    }

    /// <summary>What is left, or null.</summary>
    public IReadOnlyList<TRow>? Flush() => _rows.Count == 0 ? null : Take();

    private List<TRow> Take()
    {
        var taken = _rows;
        _rows = new List<TRow>(limits.RowsPerRequest);
        _bytes = limits.EnvelopeBytes;
        return taken;
    }
}
