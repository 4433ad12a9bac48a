using System.Collections.Concurrent;

namespace CustomerInsights.Destinations.Throttling;

/// <summary>One throttle for each account at a destination, for the life of the process.</summary>
internal sealed class AccountThrottles(TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Account, RateLimit Limit), AccountThrottle> _throttles = new();

    /// <summary>The throttle of an account. Accounts are few: one for each host and workspace that connections name.</summary>
    public AccountThrottle Of(string account, RateLimit limit) => _throttles.GetOrAdd((account, limit), key => new AccountThrottle(key.Limit, time));
}
