using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Exports.Healing;
using CustomerInsights.Exports.Reporting;
using CustomerInsights.Exports.Running;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using Grpc.Core;
using Wire = CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Exports;

/// <summary>The door for workers.</summary>
internal sealed class RunsDoor(
    BeginRun begin,
    RecordProgress progress,
    RecordRejectedRows rejected,
    CompleteRun complete,
    FindDeletedExports findDeleted,
    ExportWire wire) : Wire.ExportRunService.ExportRunServiceBase
{
    private const string BrazeWorker = "worker-braze";

    [RequiresService(BrazeWorker)]
    public override async Task<RunAssignment> BeginRun(BeginRunRequest request, ServerCallContext context)
    {
        var run = await begin.RunAsync(RunName.Parse(request.Name).OrThrow(), context.CancellationToken);
        return wire.WriteAssignment(run.OrThrow());
    }

    [RequiresService(BrazeWorker)]
    public override async Task<ReportProgressResponse> ReportProgress(ReportProgressRequest request, ServerCallContext context)
    {
        var report = ExportWire.ReadReport(request.Counts, request.SegmentCounts, request.ThrottledUntil);
        var cancel = await progress.RunAsync(RunName.Parse(request.Name).OrThrow(), report, context.CancellationToken);
        return new ReportProgressResponse { CancelRequested = cancel.OrThrow() };
    }

    [RequiresService(BrazeWorker)]
    public override async Task<RecordRejectedRowsResponse> RecordRejectedRows(RecordRejectedRowsRequest request, ServerCallContext context)
    {
        var name = RunName.Parse(request.Name).OrThrow();
        var refusal = await rejected.RunAsync(name, [.. request.Rows.Select(ExportWire.Read)], context.CancellationToken);
        return refusal is null ? new RecordRejectedRowsResponse() : throw refusal.ToRpcException();
    }

    [RequiresService(BrazeWorker)]
    public override async Task<CompleteRunResponse> CompleteRun(CompleteRunRequest request, ServerCallContext context)
    {
        var name = RunName.Parse(request.Name).OrThrow();
        var action = ReadAction(request.State).OrThrow();
        var report = ExportWire.ReadReport(request.Counts, request.SegmentCounts, throttledUntil: null);
        var completion = new RunCompletion(action, report, request.Reason, request.Message) { Classes = [.. request.RejectionClasses.Select(ExportWire.Read)] };
        var run = await complete.RunAsync(name, completion, context.CancellationToken);
        run.OrThrow();
        return new CompleteRunResponse();
    }

    [RequiresService(BrazeWorker)]
    public override async Task<FindDeletedExportsResponse> FindDeletedExports(FindDeletedExportsRequest request, ServerCallContext context)
    {
        var deleted = await findDeleted.RunAsync([.. request.ExportUids.Distinct(StringComparer.Ordinal)], context.CancellationToken);
        return new FindDeletedExportsResponse { ExportUids = { deleted.OrThrow() } };
    }

    private static Result<RunAction> ReadAction(Wire.RunState state) => state switch
    {
        Wire.RunState.Successful => RunAction.Succeed,
        Wire.RunState.Failed => RunAction.Fail,
        Wire.RunState.Skipped => RunAction.Skip,
        Wire.RunState.Canceled => RunAction.ConfirmCancel,
        _ => Refusal.Invalid("state", "must be SUCCESSFUL, FAILED, SKIPPED or CANCELED."),
    };
}
