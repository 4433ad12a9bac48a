using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Exports.Healing;

/// <summary>Removes history that is past its time, refused rows with it.</summary>
internal sealed class ForgetRuns(Database database, IOptions<ExportsOptions> options, TimeProvider time)
{
    // Each takes up to 100,000 refused rows with it.
    private const int MaxAtOnce = 20;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        int deleted;
        do
        {
            deleted = await database.WriteAsync(
                transaction => RunStore.DeleteEndedAsync(transaction, now - options.Value.KeepRuns, now - options.Value.KeepRunsOfRemovedExports, MaxAtOnce),
                cancellationToken);
        }
        while (deleted == MaxAtOnce);
    }
}
