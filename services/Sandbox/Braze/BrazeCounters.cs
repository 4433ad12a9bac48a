using CustomerInsights.Sandbox.Braze.Tracking;

namespace CustomerInsights.Sandbox.Braze;

/// <summary>What a workspace has seen since the last reset. Its own lock, since refused requests never reach the store.</summary>
internal sealed class BrazeCounters
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<int, long> _byStatus = [];
    private long _requests;
    private long _unanswered;
    private long _accepted;
    private long _rejected;
    private long _deleted;
    private TrackTotals _totals = new(0, 0, 0, 0, 0);

    public void Request(int status, bool answered)
    {
        lock (_gate)
        {
            _requests++;
            _unanswered += answered ? 0 : 1;
            if (answered)
            {
                _byStatus[status] = _byStatus.GetValueOrDefault(status) + 1;
            }
        }
    }

    public void Tracked(int accepted, int rejected, in TrackTally tally)
    {
        lock (_gate)
        {
            _accepted += accepted;
            _rejected += rejected;
            _totals = new TrackTotals(
                _totals.Created + tally.Created,
                _totals.Changed + tally.Changed,
                _totals.Unchanged + tally.Unchanged,
                _totals.Ignored + tally.Ignored,
                _totals.Points + tally.Points);
        }
    }

    public void Deleted(int users)
    {
        lock (_gate)
        {
            _deleted += users;
        }
    }

    public CountersView View(int users, long lastSequence)
    {
        lock (_gate)
        {
            return new CountersView
            {
                Users = users,
                LastSequence = lastSequence,
                Requests = _requests,
                UnansweredRequests = _unanswered,
                RequestsByStatus = new SortedDictionary<int, long>(_byStatus),
                ObjectsAccepted = _accepted,
                ObjectsRejected = _rejected,
                UsersCreated = _totals.Created,
                ObjectsChanging = _totals.Changed,
                ObjectsUnchanging = _totals.Unchanged,
                ObjectsIgnored = _totals.Ignored,
                DataPoints = _totals.Points,
                UsersDeleted = _deleted,
            };
        }
    }

    private sealed record TrackTotals(long Created, long Changed, long Unchanged, long Ignored, long Points);
}

/// <summary>The counters of a workspace at one moment, since the last reset.</summary>
public sealed record CountersView
{
    /// <summary>Users that exist now.</summary>
    public int Users { get; init; }

    /// <summary>Sequence of the newest journal entry.</summary>
    public long LastSequence { get; init; }

    public long Requests { get; init; }

    /// <summary>Requests whose connection was cut by a fault.</summary>
    public long UnansweredRequests { get; init; }

    public IReadOnlyDictionary<int, long> RequestsByStatus { get; init; } = new SortedDictionary<int, long>();

    public long ObjectsAccepted { get; init; }

    public long ObjectsRejected { get; init; }

    public long UsersCreated { get; init; }

    /// <summary>Accepted objects that changed an existing user.</summary>
    public long ObjectsChanging { get; init; }

    /// <summary>Accepted objects that left a user as it was; they cost points all the same.</summary>
    public long ObjectsUnchanging { get; init; }

    /// <summary>Accepted objects about users that do not exist and were not to be created.</summary>
    public long ObjectsIgnored { get; init; }

    /// <summary>Points Braze would have charged.</summary>
    public long DataPoints { get; init; }

    public long UsersDeleted { get; init; }
}
