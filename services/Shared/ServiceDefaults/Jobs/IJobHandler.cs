namespace CustomerInsights.ServiceDefaults.Jobs;

/// <summary>Does the work of one kind of job.</summary>
public interface IJobHandler
{
    /// <summary>Which jobs it takes.</summary>
    string Kind { get; }

    /// <summary>
    /// Does the job. The token fires when the lease is lost or the process stops; the job is then taken over elsewhere,
    /// so leave without completing. A bug thrown here is logged and retried with back-off.
    /// </summary>
    Task<JobOutcome> RunAsync(LeasedJob job, CancellationToken cancellationToken);
}
