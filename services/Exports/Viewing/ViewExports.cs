using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Viewing;

/// <summary>Shows one export, or a page of them.</summary>
internal sealed class ViewExports(Database database)
{
    public async Task<Result<Export>> OneAsync(ExportName name, CancellationToken cancellationToken) =>
        await database.ReadAsync(session => ExportStore.FindAsync(session, name), cancellationToken) is { } export ? export : Refusal.NotFound(name.ToString());

    /// <summary>The page, and one export more when there is another page.</summary>
    /// <param name="connection">Only exports through this connection; empty means all.</param>
    public Task<IReadOnlyList<Export>> PageAsync(string environment, string connection, Paging paging, CancellationToken cancellationToken) =>
        database.ReadAsync(session => ExportStore.ListAsync(session, environment, connection, paging), cancellationToken);
}
