using System.Globalization;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze;

/// <summary>Tells a client where it stands with the rate limit, in the dialect of its contract.</summary>
internal static class RateHeaders
{
    public static void Write(IHeaderDictionary headers, LimitDialect dialect, RateStanding? standing, int status)
    {
        if (standing is not { } rate)
        {
            return;
        }

        if (dialect == LimitDialect.SecondsLeft && status == StatusCodes.Status429TooManyRequests)
        {
            headers["X-Ratelimit-Retry-After"] = Number(rate.ResetInSeconds);
            return;
        }

        headers["X-RateLimit-Limit"] = Number(rate.Limit);
        headers["X-RateLimit-Remaining"] = Number(rate.Remaining);
        headers["X-RateLimit-Reset"] = Number(dialect == LimitDialect.Epoch ? rate.ResetEpochSeconds : rate.ResetInSeconds);
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
