using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Defining;

/// <summary>Reads segments (SEG-30).</summary>
internal sealed class ViewSegments(Database database)
{
    public Task<Result<Segment>> OneAsync(SegmentName name, CancellationToken cancellationToken) => database.ReadAsync<Result<Segment>>(
        async session => await SegmentStore.FindAsync(session, name) is { } segment ? segment : Refusal.NotFound(name.ToString()), cancellationToken);

    /// <summary>One page, and one item more when there is another page.</summary>
    public Task<IReadOnlyList<Segment>> PageAsync(string environment, Paging paging, CancellationToken cancellationToken) =>
        database.ReadAsync(session => SegmentStore.ListAsync(session, environment, paging), cancellationToken);
}
