namespace CustomerInsights.Sandbox.Control;

/// <summary>So many requests in so many seconds, counted in windows aligned to the clock, not rolling.</summary>
/// <param name="Requests">Requests a window allows.</param>
/// <param name="Seconds">Length of a window.</param>
public sealed record RateWindow(int Requests, int Seconds);

/// <summary>Where a request stands with the tightest window that counts it.</summary>
internal readonly record struct RateStanding(bool Allowed, int Limit, int Remaining, long ResetEpochSeconds, int ResetInSeconds);

/// <summary>Several windows that must all allow a request, such as an hourly allowance and a burst allowance.</summary>
internal sealed class RateWindows(IReadOnlyList<RateWindow> windows)
{
    private readonly Lock _gate = new();
    private readonly (long Window, int Used)[] _counts = new (long, int)[windows.Count];

    /// <summary>Counts a request if every window has room; null when nothing is limited.</summary>
    public RateStanding? Take(DateTimeOffset now)
    {
        if (windows.Count == 0)
        {
            return null;
        }

        lock (_gate)
        {
            var seconds = now.ToUnixTimeSeconds();
            var blocked = -1;
            for (var i = 0; i < windows.Count; i++)
            {
                var current = seconds / windows[i].Seconds;
                if (_counts[i].Window != current)
                {
                    _counts[i] = (current, 0);
                }

                // Of several exhausted windows, the one that opens last says when to come back.
                if (_counts[i].Used >= windows[i].Requests && (blocked < 0 || windows[i].Seconds > windows[blocked].Seconds))
                {
                    blocked = i;
                }
            }

            if (blocked >= 0)
            {
                return Standing(blocked, now, allowed: false);
            }

            var tightest = 0;
            for (var i = 0; i < windows.Count; i++)
            {
                _counts[i].Used++;
                tightest = Remaining(i) < Remaining(tightest) ? i : tightest;
            }

            return Standing(tightest, now, allowed: true);
        }
    }

    private int Remaining(int index) => windows[index].Requests - _counts[index].Used;

    private RateStanding Standing(int index, DateTimeOffset now, bool allowed)
    {
        var reset = (_counts[index].Window + 1) * windows[index].Seconds;
        var left = (int)Math.Ceiling((DateTimeOffset.FromUnixTimeSeconds(reset) - now).TotalSeconds);
        return new RateStanding(allowed, windows[index].Requests, Remaining(index), reset, left);
    }
}
