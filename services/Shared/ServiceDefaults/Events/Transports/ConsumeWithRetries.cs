using CustomerInsights.ServiceDefaults.Resources;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Events.Transports;

/// <summary>Tries again on the spot: most outages of a database are over within seconds.</summary>
/// <param name="patience">How long. Afterwards the event goes back to where it came from.</param>
internal sealed partial class ConsumeWithRetries(TimeSpan patience, TimeProvider time, Random random, ILogger logger)
{
    /// <summary>For transports that bring an event again without ado.</summary>
    public static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    private static readonly Backoff Pause = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5));

    /// <summary>What the consumer says; throws its last exception when it never got through, or when stopping.</summary>
    public async Task<EventOutcome> RunAsync(EventSubscription subscription, ReadOnlyMemory<byte> body, CancellationToken stopping)
    {
        var began = time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await subscription.ConsumeAsync(body, stopping);
            }
            catch (Exception exception) when (time.GetElapsedTime(began) < patience && !stopping.IsCancellationRequested)
            {
                Log.Failed(logger, subscription.Queue, attempt, exception.GetType().Name);
                await Task.Delay(Pause.After(attempt, random), time, stopping);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Handling an event of {Queue} failed, attempt {Attempt}: {Kind}")]
        public static partial void Failed(ILogger logger, string queue, int attempt, string kind);
    }
}
