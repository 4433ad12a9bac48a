using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Running;
using CustomerInsights.Exports.Viewing;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using Grpc.Core;
using Wire = CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Exports;

/// <summary>What people do with exports.</summary>
internal sealed record ExportActions(CreateExport Create, UpdateExport Update, DeleteExport Delete, RunExport Run, CancelRun Cancel);

/// <summary>The door for people and other services.</summary>
internal sealed class ExportsDoor(
    ExportActions actions,
    ViewExports viewExports,
    ViewRuns viewRuns,
    ExportWire wire) : Wire.ExportService.ExportServiceBase
{
    [RequiresRole(Role.Contributor)]
    public override async Task<Wire.Export> CreateExport(CreateExportRequest request, ServerCallContext context)
    {
        var wanted = new NewExport(
            ParseParent(request.Parent), request.ExportId, wire.ReadDraft(request.Export ?? new Wire.Export()), request.RequestId, request.ValidateOnly);
        var created = await actions.Create.RunAsync(wanted, Caller.Of(context), context.CancellationToken);
        return wire.Write(created.OrThrow());
    }

    [RequiresRole(Role.Viewer, OrServices = ["connections"])]
    public override async Task<Wire.Export> GetExport(GetExportRequest request, ServerCallContext context)
    {
        var export = await viewExports.OneAsync(ExportName.Parse(request.Name).OrThrow(), context.CancellationToken);
        return wire.Write(export.OrThrow());
    }

    [RequiresRole(Role.Viewer, OrServices = ["connections"])]
    public override async Task<ListExportsResponse> ListExports(ListExportsRequest request, ServerCallContext context)
    {
        var paging = ParsePaging(request.PageSize, request.PageToken);
        CheckFilter(request.Connection);
        var page = await viewExports.PageAsync(ParseParent(request.Parent), request.Connection, paging, context.CancellationToken);
        var response = new ListExportsResponse { NextPageToken = paging.NextToken(page, export => export.Name.Export) };
        response.Exports.Add(page.Take(paging.Size).Select(wire.Write));
        return response;
    }

    [RequiresRole(Role.Contributor)]
    public override async Task<Wire.Export> UpdateExport(UpdateExportRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        var parts = wire.ReadMask(request.UpdateMask, violations);
        Refuse(violations);
        var given = request.Export ?? new Wire.Export();
        var change = new ExportChange(ExportName.Parse(given.Name, "export.name").OrThrow(), given.Etag, parts, wire.ReadDraft(given));
        var updated = await actions.Update.RunAsync(change, Caller.Of(context), context.CancellationToken);
        return wire.Write(updated.OrThrow());
    }

    [RequiresRole(Role.Contributor)]
    public override async Task<DeleteExportResponse> DeleteExport(DeleteExportRequest request, ServerCallContext context)
    {
        Refuse(await actions.Delete.RunAsync(ExportName.Parse(request.Name).OrThrow(), request.Etag, Caller.Of(context), context.CancellationToken));
        return new DeleteExportResponse();
    }

    [RequiresRole(Role.Contributor)]
    public override async Task<Wire.ExportRun> RunExport(RunExportRequest request, ServerCallContext context)
    {
        var name = ExportName.Parse(request.Name).OrThrow();
        var how = new RunWish(request.FullComparison, request.ResendAll, request.RequestId) { EmptyAudiences = request.EmptyAudiences };
        var run = await actions.Run.RunAsync(name, how, Caller.Of(context), context.CancellationToken);
        return ExportWire.Write(new ViewedRun(run.OrThrow(), []));
    }

    [RequiresRole(Role.Viewer)]
    public override async Task<Wire.ExportRun> GetExportRun(GetExportRunRequest request, ServerCallContext context)
    {
        var run = await viewRuns.OneAsync(RunName.Parse(request.Name).OrThrow(), context.CancellationToken);
        return ExportWire.Write(run.OrThrow());
    }

    [RequiresRole(Role.Viewer)]
    public override async Task<ListExportRunsResponse> ListExportRuns(ListExportRunsRequest request, ServerCallContext context)
    {
        var paging = ParsePaging(request.PageSize, request.PageToken);
        var page = (await viewRuns.PageAsync(ExportName.Parse(request.Parent, "parent").OrThrow(), paging, context.CancellationToken)).OrThrow();
        var response = new ListExportRunsResponse { NextPageToken = paging.NextToken(page, viewed => viewed.Run.Name.Run) };
        response.Runs.Add(page.Take(paging.Size).Select(ExportWire.Write));
        return response;
    }

    [RequiresRole(Role.Contributor)]
    public override async Task<Wire.ExportRun> CancelExportRun(CancelExportRunRequest request, ServerCallContext context)
    {
        var run = await actions.Cancel.RunAsync(RunName.Parse(request.Name).OrThrow(), Caller.Of(context), context.CancellationToken);
        return ExportWire.Write(new ViewedRun(run.OrThrow(), []));
    }

    [RequiresRole(Role.Viewer)]
    public override async Task<ListRejectedRowsResponse> ListRejectedRows(ListRejectedRowsRequest request, ServerCallContext context)
    {
        var paging = ParsePaging(request.PageSize, request.PageToken);
        var viewed = (await viewRuns.RejectedAsync(RunName.Parse(request.Parent, "parent").OrThrow(), paging, context.CancellationToken)).OrThrow();
        var response = new ListRejectedRowsResponse { Total = viewed.Total, NextPageToken = paging.NextToken(viewed.Rows, row => row.CustomerId) };
        response.Rows.Add(viewed.Rows.Take(paging.Size).Select(ExportWire.Write));
        return response;
    }

    private static string ParseParent(string parent) => ResourceName.Parse("environments/*", parent) is [var environment]
        ? environment
        : throw Refusal.Invalid("parent", "must be the name of an environment, such as \"environments/*\".").ToRpcException();

    private static void CheckFilter(string connection)
    {
        if (connection.Length > 0 && ResourceName.Parse("environments/*/connections/*", connection) is null)
        {
            throw Refusal.Invalid("connection", "must be the name of a connection, such as \"environments/*/connections/*\", or empty.").ToRpcException();
        }
    }

    private static Paging ParsePaging(int pageSize, string pageToken)
    {
        var violations = new Violations();
        var paging = Paging.Parse(pageSize, pageToken, violations);
        Refuse(violations);
        return paging;
    }

    private static void Refuse(Violations violations) => Refuse(violations.None ? null : violations.ToRefusal());

    private static void Refuse(Refusal? refusal)
    {
        if (refusal is not null)
        {
            throw refusal.ToRpcException();
        }
    }
}
