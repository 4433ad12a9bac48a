namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>The configuration does not allow a start. Holds every problem found, and no secret.</summary>
public sealed class StartRefusedException(IReadOnlyList<string> problems)
    : Exception(string.Join(Environment.NewLine, problems))
{
    /// <summary>What is wrong and what would be right, one sentence each.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}
