using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Segments.Defining;

/// <summary>Warns when an environment has more active segments than it should (SEG-32).</summary>
internal sealed partial class WatchActiveLimit(IOptions<SegmentsOptions> options, ILogger<WatchActiveLimit> logger)
{
    public async Task CheckAsync(Session session, string environment)
    {
        var count = await SegmentStore.CountActiveAsync(session, environment);
        if (count > options.Value.ActiveLimit)
        {
            Log.OverLimit(logger, environment, count, options.Value.ActiveLimit);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Environment {Environment} has {Count} active segments; {Limit} are recommended at most")]
        public static partial void OverLimit(ILogger logger, string environment, long count, int limit);
    }
}
