using System.Globalization;
using System.Net.Http.Headers;
using CustomerInsights.Destinations.Deciding;

namespace CustomerInsights.Workers.Braze;

/// <summary>What the headers of an answer say about the rate limit, in every dialect that Braze documents (BRZ-23).</summary>
internal static class BrazeRateHeaders
{
    /// <summary>A reset above this is a point in time in epoch seconds, below it seconds that are left.</summary>
    private const long SmallestEpoch = 1_000_000_000;

    /// <summary>No count of seconds above this is believed.</summary>
    private const long MostSeconds = 24 * 60 * 60;

    public static (DateTimeOffset? RetryAt, RateHint? Hint) Read(HttpResponseHeaders headers, DateTimeOffset now)
    {
        var reset = Number(headers, "X-RateLimit-Reset") is { } value ? ResetAt(value, headers.Date, now) : null;
        var hint = reset is { } at && Number(headers, "X-RateLimit-Remaining") is { } remaining ? new RateHint(remaining, at) : null;
        var wait = Number(headers, "X-Ratelimit-Retry-After") is { } seconds && seconds <= MostSeconds ? now.AddSeconds(seconds) : PlainRetryAfter(headers, now);

        // With allowance left the reset is no reason to wait: a 503 carries it, too.
        return (wait ?? (hint is { Remaining: > 0 } ? null : reset), hint);
    }

    // The vendor's clock tells the epoch; what matters is how far it is from the time of the answer.
    private static DateTimeOffset? ResetAt(long value, DateTimeOffset? answered, DateTimeOffset now) => value switch
    {
        < 0 => null,
        < SmallestEpoch => value <= MostSeconds ? now.AddSeconds(value) : null,
        _ => (value - (answered ?? now).ToUnixTimeSeconds()) switch
        {
            > MostSeconds => null,
            var left => now.AddSeconds(Math.Max(left, 0)),
        },
    };

    private static DateTimeOffset? PlainRetryAfter(HttpResponseHeaders headers, DateTimeOffset now) => headers.RetryAfter switch
    {
        { Delta: { } delta } when delta.TotalSeconds <= MostSeconds => now + delta,
        { Date: { } date } when (date - (headers.Date ?? now)).TotalSeconds is >= 0 and <= MostSeconds and var left => now.AddSeconds(left),
        _ => null,
    };

    private static long? Number(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) && long.TryParse(values.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
