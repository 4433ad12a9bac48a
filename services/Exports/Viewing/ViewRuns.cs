using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Reporting;
using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Viewing;

/// <summary>A run with its classes of refused rows.</summary>
internal sealed record ViewedRun(ExportRun Run, IReadOnlyList<RejectionClass> Classes);

/// <summary>A page of refused rows, and how many there are in all.</summary>
internal sealed record ViewedRows(IReadOnlyList<RejectedRow> Rows, long Total);

/// <summary>Shows the history of an export's runs (EXP-35). What belongs to a removed export of the same name is not shown.</summary>
internal sealed class ViewRuns(Database database)
{
    public Task<Result<ViewedRun>> OneAsync(RunName name, CancellationToken cancellationToken) => database.ReadAsync<Result<ViewedRun>>(
        async session => await FindAsync(session, name) is { } run
            ? new ViewedRun(run, await RejectedRowStore.ListClassesAsync(session, name.Run))
            : Refusal.NotFound(name.ToString()),
        cancellationToken);

    /// <summary>The page, newest first, and one run more when there is another page.</summary>
    public Task<Result<IReadOnlyList<ViewedRun>>> PageAsync(ExportName name, Paging paging, CancellationToken cancellationToken) =>
        database.ReadAsync(session => PageAsync(session, name, paging), cancellationToken);

    /// <summary>The page, and one row more when there is another page.</summary>
    public Task<Result<ViewedRows>> RejectedAsync(RunName name, Paging paging, CancellationToken cancellationToken) => database.ReadAsync<Result<ViewedRows>>(
        async session => await FindAsync(session, name) is { } run
            ? new ViewedRows(await RejectedRowStore.ListAsync(session, name.Run, paging), run.ListedRows + run.UnlistedRows)
            : Refusal.NotFound(name.ToString()),
        cancellationToken);

    private static async Task<Result<IReadOnlyList<ViewedRun>>> PageAsync(Session session, ExportName name, Paging paging)
    {
        if (await ExportStore.FindAsync(session, name) is not { } export)
        {
            return Refusal.NotFound(name.ToString());
        }

        var page = new List<ViewedRun>();
        foreach (var run in await RunStore.ListAsync(session, export.Uid, paging))
        {
            page.Add(new ViewedRun(run, await RejectedRowStore.ListClassesAsync(session, run.Name.Run)));
        }

        return page;
    }

    private static async Task<ExportRun?> FindAsync(Session session, RunName name) =>
        await RunStore.FindAsync(session, name) is { } run && await ExportStore.FindByUidAsync(session, run.ExportUid) is not null ? run : null;
}
