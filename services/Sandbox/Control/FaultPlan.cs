namespace CustomerInsights.Sandbox.Control;

/// <summary>What is done to one request.</summary>
/// <param name="Delay">Wait this long before handling it.</param>
/// <param name="Ending">The fault that decides how the request ends; null when it ends as it should.</param>
/// <param name="Rejections">Faults that reject single objects.</param>
internal readonly record struct FaultDecision(TimeSpan Delay, FaultRule? Ending, IReadOnlyList<ActiveFault> Rejections)
{
    public static FaultDecision None { get; } = new(TimeSpan.Zero, null, []);
}

/// <summary>The faults in force. Every rule counts every request it matches, so plans combine without disturbing each other.</summary>
internal sealed class FaultPlan(ulong seed)
{
    private readonly Lock _gate = new();
    private volatile ActiveFault[] _faults = [];
    private int _lastId;

    public FaultRule Add(FaultRule rule)
    {
        lock (_gate)
        {
            var numbered = rule with { Id = ++_lastId, Hits = 0 };
            _faults = [.. _faults, new ActiveFault(numbered, seed)];
            return numbered;
        }
    }

    public IReadOnlyList<FaultRule> List() => [.. _faults.Select(f => f.Rule)];

    public bool Remove(int id)
    {
        lock (_gate)
        {
            var before = _faults.Length;
            _faults = [.. _faults.Where(f => f.RuleId != id)];
            return _faults.Length < before;
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _faults = [];
        }
    }

    public FaultDecision Decide(string route, ReadOnlySpan<byte> body) => Decide(route, null, body);

    /// <param name="route">Path of the request.</param>
    /// <param name="operation">What the vendor calls it; null where operations have no names.</param>
    /// <param name="body">The body as it came.</param>
    public FaultDecision Decide(string route, string? operation, ReadOnlySpan<byte> body)
    {
        if (_faults.Length == 0)
        {
            return FaultDecision.None;
        }

        lock (_gate)
        {
            var delay = TimeSpan.Zero;
            FaultRule? ending = null;
            var rejections = new List<ActiveFault>();
            foreach (var fault in _faults)
            {
                if (!fault.Hits(route, operation, body))
                {
                    continue;
                }

                var rule = fault.Rule;
                if (rule.Kind == FaultKind.Reject)
                {
                    rejections.Add(fault);
                }
                else if (rule.Kind == FaultKind.Delay)
                {
                    delay += TimeSpan.FromMilliseconds(rule.DelayMilliseconds);
                }
                else
                {
                    ending ??= rule;
                }
            }

            return new FaultDecision(delay, ending, rejections);
        }
    }
}
