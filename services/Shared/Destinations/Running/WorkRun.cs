using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Delivering;
using CustomerInsights.Destinations.Remembering;
using CustomerInsights.Destinations.Throttling;
using CustomerInsights.ServiceDefaults.Jobs;
using Grpc.Core;

namespace CustomerInsights.Destinations.Running;

/// <summary>How far the work of a run came.</summary>
/// <param name="End">How the run ends; null when it is put down.</param>
/// <param name="ResumeAt">When it goes on, if it is put down.</param>
/// <param name="HasTaken">The destination has taken something meanwhile.</param>
internal sealed record WorkedRun(RunEnd? End, DateTimeOffset ResumeAt = default, bool HasTaken = false);

/// <summary>What happens to all audiences of a run before they are delivered one after the other.</summary>
internal sealed record RunAudiences(OpenAudiences Open, PrepareAudiences Prepare, CheckSize Size);

/// <summary>The work of a run between taking over and reporting: opens the destination and keeps each audience true.</summary>
internal sealed class WorkRun(
    OpenDestination open, AccountThrottles throttles, RunAudiences audiences, DeliverAudience deliver, ReportProgress progress, TimeProvider time)
{
    /// <summary>
    /// How long what is on its way may take after the process was told to stop: what is finished need not be repeated.
    /// </summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>How the run ends, or when it goes on. Throws when it has to be taken up again for an outage.</summary>
    public async Task<WorkedRun> RunAsync(LeasedJob job, long runId, RunAssignment assignment, CancellationToken stopping)
    {
        var opened = await open.RunAsync(assignment, stopping);
        if (opened.Refusal is { } refusal)
        {
            return new WorkedRun(RunEnd.Failed(refusal.Reason ?? Reasons.SettingsMismatch, refusal.Message));
        }

        await using var session = opened.Value;
        using var halt = new RunHalt(stopping);
        var throttle = throttles.Of(session.ThrottledAs ?? assignment.DestinationAccount, session.Limits.Rate);
        var work = new RunWork(job, runId, assignment, session, throttle, halt, new RunProgress(assignment.Run));
        using var reporting = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var reports = progress.RunAsync(work, reporting.Token);
        try
        {
            await DeliverAsync(work, stopping);
        }
        catch (RpcException refused) when (refused.IsFinal())
        {
            halt.Request(RunEnd.Unreadable(refused));
        }
        finally
        {
            await reporting.CancelAsync();
            await reports;
        }

        stopping.ThrowIfCancellationRequested();
        return halt is { End: null, ResumeAt: { } resumeAt }
            ? new WorkedRun(null, resumeAt, work.Progress.HasTaken)
            : new WorkedRun(halt.End ?? RunEnd.Successful);
    }

    private async Task DeliverAsync(RunWork work, CancellationToken stopping)
    {
        using var aborting = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using var grace = stopping.Register(() => aborting.CancelAfter(Grace));
        var deliveries = (await audiences.Open.RunAsync(work, aborting.Token)).Select(opened => deliver.Open(work, opened)).ToList();
        await audiences.Prepare.RunAsync(work, deliveries, aborting.Token);
        if (work.Session.Files is not null)
        {
            foreach (var delivery in deliveries)
            {
                // Only what brings members in: nobody is taken out of a run that may be skipped yet (EXP-12).
                await deliver.RunAsync(delivery, delivery.Stage == Stage.Adding ? Stage.Sending : delivery.Stage, aborting.Token);
            }

            await audiences.Size.RunAsync(work, deliveries, aborting.Token);
        }

        foreach (var delivery in deliveries)
        {
            await deliver.RunAsync(delivery, Stage.Done, aborting.Token);
        }
    }
}
