using CustomerInsights.Sandbox.Braze.Reading;
using CustomerInsights.Sandbox.Braze.Storing;
using CustomerInsights.Sandbox.Braze.Tracking;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze;

/// <summary>One workspace: its users, and everything that decides or records what happens to them.</summary>
internal sealed class BrazeWorkspace
{
    private const int JournalEntries = 100_000;
    private const long JournalBytes = 64L * 1024 * 1024;
    private readonly ulong _seed;
    private BrazeSettings _settings = new();
    private Dictionary<LimitGroup, RateWindows> _limits = Limits(new BrazeSettings());

    public BrazeWorkspace(string name, ulong seed)
    {
        Name = name;
        _seed = seed;
        Users = new UserStore(seed);
        Writer = new ApplyTrack(Users);
        Exports = new SegmentExports(seed);
        Faults = new FaultPlan(seed);
    }

    public string Name { get; }

    /// <summary>Held around every use of <see cref="Users"/>, <see cref="Writer"/> and <see cref="Exports"/>.</summary>
    public Lock Gate { get; } = new();

    public UserStore Users { get; private set; }

    public ApplyTrack Writer { get; private set; }

    public SegmentExports Exports { get; private set; }

    public Journal<BrazeJournalEntry> Journal { get; } = new(JournalEntries, JournalBytes, static e => e.Weight);

    public FaultPlan Faults { get; private set; }

    public BrazeCounters Counters { get; private set; } = new();

    public IReadOnlyList<BrazeSegment> Segments { get; private set; } = [];

    public BrazeSettings Settings
    {
        get => _settings;
        set
        {
            _limits = Limits(value);
            _settings = value;
        }
    }

    public int UserCount
    {
        get
        {
            lock (Gate)
            {
                return Users.Count;
            }
        }
    }

    public SegmentExport? FindExport(string token, DateTimeOffset now)
    {
        lock (Gate)
        {
            return Exports.Find(token, now);
        }
    }

    public RateStanding? Take(LimitGroup group, DateTimeOffset now) => _limits.TryGetValue(group, out var windows) ? windows.Take(now) : null;

    public void Define(BrazeSegment segment) =>
        Segments = [.. Segments.Where(s => s.Id != segment.Id).Append(segment).OrderBy(s => s.Id, StringComparer.Ordinal)];

    /// <summary>Forgets users, journal, faults and counters; keeps settings and segments.</summary>
    public void Reset()
    {
        lock (Gate)
        {
            Users = new UserStore(_seed);
            Writer = new ApplyTrack(Users);
            Exports = new SegmentExports(_seed);
            Counters = new BrazeCounters();
        }

        Journal.Clear();
        Faults = new FaultPlan(_seed);
        _limits = Limits(_settings);
    }

    private static Dictionary<LimitGroup, RateWindows> Limits(BrazeSettings settings) =>
        settings.Limits.ToDictionary(l => l.Key, l => new RateWindows(l.Value));
}
