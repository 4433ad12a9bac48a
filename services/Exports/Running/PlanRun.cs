using CustomerInsights.Exports.Defining;

namespace CustomerInsights.Exports.Running;

/// <summary>Asks Connections and Segments what a run of an export would meet now.</summary>
internal sealed class PlanRun(ConnectionLookup connections, SegmentLookup segments, DestinationTypes types)
{
    public async Task<RunPlan> RunAsync(ExportDefinition definition, bool emptyAudiences, CancellationToken cancellationToken)
    {
        var connection = definition.Connection.Length == 0 ? null : connections.FindAsync(definition.Connection, cancellationToken);
        var facts = await segments.FindAsync(definition.Segments, cancellationToken);
        return RunPlan.Decide(definition, connection is null ? null : await connection, facts, types, emptyAudiences);
    }
}
