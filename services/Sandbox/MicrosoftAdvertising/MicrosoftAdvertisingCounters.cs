namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>What the stand-in has seen since the last reset.</summary>
internal sealed class MicrosoftAdvertisingCounters
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, long> _byOperation = new(StringComparer.Ordinal);
    private readonly SortedDictionary<int, long> _byStatus = [];
    private long _unanswered;
    private long _applied;
    private long _rejected;
    private long _uploads;

    public void Request(string operation, int status, bool answered)
    {
        lock (_gate)
        {
            _byOperation[operation] = _byOperation.GetValueOrDefault(operation) + 1;
            _unanswered += answered ? 0 : 1;
            if (answered)
            {
                _byStatus[status] = _byStatus.GetValueOrDefault(status) + 1;
            }
        }
    }

    public void Rows(int applied, int rejected)
    {
        lock (_gate)
        {
            _applied += applied;
            _rejected += rejected;
        }
    }

    public void Upload()
    {
        lock (_gate)
        {
            _uploads++;
        }
    }

    public MicrosoftAdvertisingCountersView View(int lists, long members, long lastSequence)
    {
        lock (_gate)
        {
            return new MicrosoftAdvertisingCountersView
            {
                Lists = lists,
                Members = members,
                LastSequence = lastSequence,
                Requests = _byOperation.Values.Sum(),
                RequestsByOperation = new SortedDictionary<string, long>(_byOperation, StringComparer.Ordinal),
                RequestsByStatus = new SortedDictionary<int, long>(_byStatus),
                UnansweredRequests = _unanswered,
                RowsApplied = _applied,
                RowsRejected = _rejected,
                Uploads = _uploads,
            };
        }
    }
}

/// <summary>The counters at one moment, since the last reset.</summary>
public sealed record MicrosoftAdvertisingCountersView
{
    /// <summary>Lists that exist now.</summary>
    public int Lists { get; init; }

    /// <summary>Members of all lists now.</summary>
    public long Members { get; init; }

    /// <summary>Sequence of the newest journal entry.</summary>
    public long LastSequence { get; init; }

    public long Requests { get; init; }

    public IReadOnlyDictionary<string, long> RequestsByOperation { get; init; } = new SortedDictionary<string, long>();

    public IReadOnlyDictionary<int, long> RequestsByStatus { get; init; } = new SortedDictionary<int, long>();

    /// <summary>Requests whose connection was cut by a fault.</summary>
    public long UnansweredRequests { get; init; }

    /// <summary>Items and rows that were accepted, by call or by file, whether they changed anything or not.</summary>
    public long RowsApplied { get; init; }

    public long RowsRejected { get; init; }

    /// <summary>Files that were received.</summary>
    public long Uploads { get; init; }
}
