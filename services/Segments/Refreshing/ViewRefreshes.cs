using CustomerInsights.Segments.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Refreshing;

/// <summary>Reads the history of refreshes (SEG-26).</summary>
internal sealed class ViewRefreshes(Database database)
{
    public Task<Result<SegmentRefresh>> OneAsync(RefreshName name, CancellationToken cancellationToken) => database.ReadAsync<Result<SegmentRefresh>>(
        async session => await RefreshStore.FindAsync(session, name) is { } refresh ? refresh : Refusal.NotFound(name.ToString()), cancellationToken);

    /// <summary>One page, newest first, and one item more when there is another page.</summary>
    public Task<Result<SegmentRefresh[]>> PageAsync(SegmentName name, Paging paging, CancellationToken cancellationToken) =>
        database.ReadAsync<Result<SegmentRefresh[]>>(
            async session => await SegmentStore.FindAsync(session, name) is null
                ? Refusal.NotFound(name.ToString())
                : (await RefreshStore.ListAsync(session, name, paging)).ToArray(),
            cancellationToken);
}
