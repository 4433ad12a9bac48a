using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Remembering;
using CustomerInsights.Destinations.Throttling;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>One run in the hands of this process.</summary>
/// <param name="Job">The lease that every write is fenced by.</param>
/// <param name="RunId">The run, as the ledger calls it.</param>
/// <param name="Assignment">What to do.</param>
/// <param name="Session">The destination, opened for the run.</param>
/// <param name="Throttle">The allowance of the account.</param>
/// <param name="Halt">Ends it early.</param>
/// <param name="Progress">What is reported while it goes on.</param>
internal sealed record RunWork(
    LeasedJob Job,
    long RunId,
    RunAssignment Assignment,
    IDestinationSession Session,
    AccountThrottle Throttle,
    RunHalt Halt,
    RunProgress Progress)
{
    public string Run => Assignment.Run;

    /// <summary>Waits until the account may be called; false when the run is halted, or put down because that would take long.</summary>
    public async Task<bool> MayCallAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        DateTimeOffset? heldUntil = null;
        if (!await Halt.WaitAsync(async token => heldUntil = await Throttle.AcquireAsync(DeliveryPolicy.LongestWaitInPlace, token)))
        {
            return false;
        }

        if (heldUntil is { } until)
        {
            Halt.PutDown(until);
        }

        return heldUntil is null;
    }
}

/// <summary>An audience of a run, with what is remembered of it.</summary>
internal sealed record OpenAudience(Audience Audience, AudienceState State, AudienceProgress Progress);

/// <summary>What the steps of a delivery work with.</summary>
internal sealed record DeliveryTools(
    FencedDatabase Database, LedgerStore Ledger, DueRows Due, RemovalQueue Removals, DeliveryMetrics Metrics, TimeProvider Time, ILoggerFactory Loggers);

/// <summary>One audience during a run.</summary>
internal sealed record AudienceWork(RunWork Run, Audience Audience, long AudienceId, AudienceCounts Counts)
{
    /// <summary>What a write to the ledger is about, now.</summary>
    public LedgerScope Scope(TimeProvider time) => new(AudienceId, Run.RunId, time.GetUtcNow().ToMicroseconds());
}
