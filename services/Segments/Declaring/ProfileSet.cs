using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Declaring;

/// <summary>The profiles of one environment: their schema, where they are stored, and how far they have come.</summary>
/// <param name="Environment">The environment's id.</param>
/// <param name="StorageId">Names the tables; an environment id may be too long for that.</param>
/// <param name="Schema">The declared schema.</param>
/// <param name="ChangeNumber">Number of the last accepted change.</param>
/// <param name="ProfileCount">Profiles present.</param>
/// <param name="FeedFloor">The change feed reaches back to positions at or after this change number.</param>
/// <param name="Etag">Changes with every update of the schema.</param>
internal sealed record ProfileSet(
    string Environment, string StorageId, ProfileSchema Schema, long ChangeNumber, long ProfileCount, long FeedFloor, string Etag)
{
    /// <summary>Column of the customer id. System columns begin with an underscore, which no attribute does.</summary>
    public const string IdColumn = "\"_id\"";

    /// <summary>Column of the change number that last changed the row.</summary>
    public const string ChangedColumn = "\"_changed\"";

    /// <summary>Quoted table of the profiles.</summary>
    public string Table => Identifier.Quote($"profiles_{StorageId}");

    /// <summary>Quoted table that remembers deleted profiles for the change feed.</summary>
    public string DeletionTable => Identifier.Quote($"deletions_{StorageId}");
}
