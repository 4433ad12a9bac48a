using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Defining;

/// <summary>Another export that writes an audience of the one to be saved.</summary>
/// <param name="Audience">The audience, as the export to be saved leads to it.</param>
internal sealed record Rival(Export Export, WrittenAudience Audience);

/// <summary>
/// Finds another export of the environment that writes the same audience at the same account: each of the two would take
/// out whom only the other one holds.
/// </summary>
internal sealed class FindRival(Database database, ConnectionLookup connections, DestinationTypes types)
{
    /// <summary>The rival, or null. A disconnected one is nobody's rival until it is connected again.</summary>
    /// <param name="name">The export that is to be saved.</param>
    /// <param name="connection">What is known of its connection.</param>
    public async Task<Rival?> RunAsync(ExportName name, ExportDraft draft, ConnectionFacts connection, CancellationToken cancellationToken)
    {
        var type = types.Of(draft.Settings!);
        var audiences = type.AudiencesOf(draft.Settings!, draft.Segments).DistinctBy(audience => audience.Name).ToDictionary(audience => audience.Name, StringComparer.Ordinal);
        if (audiences.Count == 0)
        {
            return null;
        }

        var others = await database.ReadAsync(session => ExportStore.ListConnectedAsync(session, name.Environment, type.Type), cancellationToken);
        foreach (var other in others.Where(other => other.Name != name))
        {
            var both = type.AudiencesOf(other.Definition.Settings, other.Definition.Segments).FirstOrDefault(audience => audiences.ContainsKey(audience.Name));
            if (both is null)
            {
                continue;
            }

            if (other.Definition.Connection == draft.Connection
                || (await connections.FindAsync(other.Definition.Connection, cancellationToken))?.DestinationAccount == connection.DestinationAccount)
            {
                return new Rival(other, audiences[both.Name]);
            }
        }

        return null;
    }
}
