using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Exports.Healing;

/// <summary>Asks for silent runs again: the request may have been lost. A worker that knows the run passes over it.</summary>
internal sealed partial class AskAgain(
    Database database,
    RequestRun request,
    IOptions<ExportsOptions> options,
    TimeProvider time,
    ILogger<AskAgain> logger)
{
    private const int MaxAtOnce = 200;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var queuedBefore = now - options.Value.AskAgainAfterQueued;
        var heardBefore = now - options.Value.AskAgainAfterSilence;
        var silent = await database.ReadAsync(session => RunStore.ListSilentAsync(session, queuedBefore, heardBefore, MaxAtOnce), cancellationToken);
        foreach (var run in silent)
        {
            await database.WriteAsync(transaction => AskAsync(transaction, run.Name, now), cancellationToken);
        }
    }

    private async Task AskAsync(Transaction transaction, RunName name, DateTimeOffset now)
    {
        if (await RunStore.LockAsync(transaction, name) is { } run && run.State.IsActive())
        {
            await RunStore.SetPublishTimeAsync(transaction, name, now);
            await request.RunAsync(transaction, run);
            transaction.AfterCommit(() => Log.Asked(logger, name.ToString(), run.State));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Nothing was heard of {Run} ({State}); asking its worker again")]
        public static partial void Asked(ILogger logger, string run, RunState state);
    }
}
