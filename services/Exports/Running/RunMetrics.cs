using System.Diagnostics.Metrics;

namespace CustomerInsights.Exports.Running;

/// <summary>Every metric that Exports emits; dashboards and alerts refer to these names.</summary>
internal static class RunMetricNames
{
    public const string Meter = "CustomerInsights.Exports";

    /// <summary>Runs opened; tags destination, trigger. Those with the trigger CatchUp make up for what no event did: drift.</summary>
    public const string Opened = "customerinsights.exports.runs.opened";
}

/// <summary>What an operator watches of runs before a worker has them. Tags are destination and trigger.</summary>
internal sealed class RunMetrics(IMeterFactory meters)
{
    private readonly Counter<long> _opened = meters.Create(RunMetricNames.Meter).CreateCounter<long>(RunMetricNames.Opened, "{run}", "Runs opened, by trigger.");

    public void Opened(string destination, RunTrigger trigger) => _opened.Add(1, new("destination", destination), new("trigger", trigger.ToString()));
}
