using CustomerInsights.Destinations.Deciding;

namespace CustomerInsights.Destinations.Throttling;

/// <summary>
/// The allowance of one account at a destination, shared by every sender of the process (EXP-36): never more requests than
/// allowed in any window of the limit's length, and none at all while the destination said to wait.
/// </summary>
internal sealed class AccountThrottle(RateLimit limit, TimeProvider time)
{
    private readonly Lock _gate = new();

    // When each of the last allowed requests was granted, as a ring: the oldest one decides whether another fits.
    private readonly long[] _granted = new long[limit.Requests];
    private int _next;
    private int _count;
    private DateTimeOffset _heldUntil;

    /// <summary>Until when the destination wants nothing to be sent; null when it said nothing, or that time is over.</summary>
    public DateTimeOffset? HeldUntil
    {
        get
        {
            lock (_gate)
            {
                return _heldUntil > time.GetUtcNow() ? _heldUntil : null;
            }
        }
    }

    /// <summary>Waits until one more request may be sent. A hold that lasts longer than the patience is not waited for: its end is returned.</summary>
    public async Task<DateTimeOffset?> AcquireAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        while (TryGrant() is { } wait)
        {
            if (HeldUntil is { } until && until - time.GetUtcNow() > patience)
            {
                return until;
            }

            await Task.Delay(wait, time, cancellationToken);
        }

        return null;
    }

    /// <summary>Nobody of the account sends before that time.</summary>
    public void HoldUntil(DateTimeOffset at)
    {
        lock (_gate)
        {
            _heldUntil = at > _heldUntil ? at : _heldUntil;
        }
    }

    /// <summary>Takes note of what the destination told about its limit.</summary>
    public void Observe(RateHint hint)
    {
        if (hint.Remaining <= 0)
        {
            var latest = time.GetUtcNow() + DeliveryPolicy.LongestHint;
            HoldUntil(hint.ResetAt < latest ? hint.ResetAt : latest);
        }
    }

    // Null when granted, else how long to wait before asking again.
    private TimeSpan? TryGrant()
    {
        lock (_gate)
        {
            var held = _heldUntil - time.GetUtcNow();
            if (held > TimeSpan.Zero)
            {
                return AtLeastATick(held);
            }

            if (_count == _granted.Length)
            {
                var open = limit.Window - time.GetElapsedTime(_granted[_next]);
                if (open > TimeSpan.Zero)
                {
                    return AtLeastATick(open);
                }
            }

            _granted[_next] = time.GetTimestamp();
            _next = (_next + 1) % _granted.Length;
            _count = Math.Min(_count + 1, _granted.Length);
            return null;
        }
    }

    // Timers count whole milliseconds; less than one would come back too early, again and again.
    private static TimeSpan AtLeastATick(TimeSpan wait) => wait + TimeSpan.FromMilliseconds(1);
}
