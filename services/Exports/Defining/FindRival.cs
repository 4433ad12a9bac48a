using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Defining;

/// <summary>
/// Finds another export of the environment that writes the same audience at the same account: each of the two would take
/// out whom only the other one holds.
/// </summary>
internal sealed class FindRival(Database database, ConnectionLookup connections, DestinationTypes types)
{
    /// <summary>The export, or null. A disconnected one is nobody's rival until it is connected again.</summary>
    /// <param name="name">The export that is to be saved.</param>
    /// <param name="connection">What is known of its connection.</param>
    public async Task<Export?> RunAsync(ExportName name, ExportDraft draft, ConnectionFacts connection, CancellationToken cancellationToken)
    {
        var type = types.Of(draft.Settings!);
        if (type.AudienceOf(draft.Settings!) is not { } audience)
        {
            return null;
        }

        var others = await database.ReadAsync(session => ExportStore.ListConnectedAsync(session, name.Environment, type.Type), cancellationToken);
        foreach (var other in others.Where(other => other.Name != name && type.AudienceOf(other.Definition.Settings)?.Name == audience.Name))
        {
            if (other.Definition.Connection == draft.Connection
                || (await connections.FindAsync(other.Definition.Connection, cancellationToken))?.DestinationAccount == connection.DestinationAccount)
            {
                return other;
            }
        }

        return null;
    }
}
