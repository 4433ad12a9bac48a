using CustomerInsights.ServiceDefaults.Resources;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Events.Transports;

/// <summary>Tries again on the spot a few times: most outages of a database are over within seconds.</summary>
internal sealed partial class ConsumeWithRetries(TimeProvider time, Random random, ILogger logger)
{
    private const int Attempts = 4;
    private static readonly Backoff Pause = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5));

    /// <summary>What the consumer says; throws its last exception when it never got through, or when stopping.</summary>
    public async Task<EventOutcome> RunAsync(EventSubscription subscription, ReadOnlyMemory<byte> body, CancellationToken stopping)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await subscription.ConsumeAsync(body, stopping);
            }
            catch (Exception exception) when (attempt < Attempts && !stopping.IsCancellationRequested)
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
