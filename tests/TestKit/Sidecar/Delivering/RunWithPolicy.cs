using Grpc.Core;

namespace CustomerInsights.TestKit.Sidecar.Delivering;

/// <summary>How one attempt ended; a failure may have a code.</summary>
internal readonly record struct Attempt(bool IsDone, StatusCode? Code)
{
    public static Attempt Done => new(true, null);

    public static Attempt Failed(StatusCode? code) => new(false, code);
}

/// <summary>Tries until it works or the policy says that it is enough.</summary>
internal sealed class RunWithPolicy(ResiliencyPolicy? policy, TimeProvider time)
{
    /// <summary>Ends the time between two attempts, and with it the tries.</summary>
    public CancellationToken Waiting { get; init; }

    /// <summary>False when it never worked.</summary>
    /// <exception cref="OperationCanceledException">A token fired.</exception>
    public async Task<bool> RunAsync(Func<CancellationToken, Task<Attempt>> attempt, CancellationToken cancellationToken)
    {
        for (var retry = 1; ; retry++)
        {
            var outcome = await AttemptAsync(attempt, cancellationToken);
            if (outcome.IsDone)
            {
                return true;
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (policy?.Retry is not { } retries || !retries.Matches(outcome.Code) || (retries.MaxRetries != RetryPolicy.Forever && retry > retries.MaxRetries))
            {
                return false;
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Waiting);
            await Task.Delay(retries.Before(retry), time, either.Token);
        }
    }

    private async Task<Attempt> AttemptAsync(Func<CancellationToken, Task<Attempt>> attempt, CancellationToken cancellationToken)
    {
        if (policy?.Timeout is not { } limit)
        {
            return await attempt(cancellationToken);
        }

        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var outcome = await attempt(either.Token);

        // What ran out of time has no code, whatever the cut call says.
        return !outcome.IsDone && timeout.IsCancellationRequested ? Attempt.Failed(null) : outcome;
    }
}
