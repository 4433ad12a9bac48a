namespace CustomerInsights.ServiceDefaults.Jobs;

/// <summary>A stored job.</summary>
/// <param name="Kind">Which loop takes it, such as "refresh".</param>
/// <param name="Key">What it works on; one job per kind and key at a time.</param>
/// <param name="Group">Jobs of one group run one after another across all kinds and replicas, such as all runs of a connection. Often the key.</param>
/// <param name="Payload">Ids the handler needs; JSON or plain text. Never personal data.</param>
public sealed record Job(string Kind, string Key, string Group, string Payload);

/// <summary>A job while a loop holds its lease.</summary>
/// <param name="Job">The job.</param>
/// <param name="Attempt">1 at the first claim; grows with each take-over or retry.</param>
/// <param name="Epoch">Grows with every claim of the job, also over the end of a job and a later one of the same key; a store that was given a higher one refuses a lower one.</param>
public sealed record LeasedJob(Job Job, int Attempt, long Epoch);

/// <summary>What a handler says when it returns.</summary>
/// <param name="RetryAt">Null when the job is done; else when to try again.</param>
public sealed record JobOutcome(DateTimeOffset? RetryAt)
{
    public static JobOutcome Done { get; } = new((DateTimeOffset?)null);

    public static JobOutcome Retry(DateTimeOffset at) => new(at);
}
