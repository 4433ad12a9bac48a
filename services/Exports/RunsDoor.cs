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
    [RequiresWorker]
    public override async Task<RunAssignment> BeginRun(BeginRunRequest request, ServerCallContext context)
    {
        var run = await begin.RunAsync(ReadRun(request.Name, context), context.CancellationToken);
        return wire.WriteAssignment(run.OrThrow());
    }

    [RequiresWorker]
    public override async Task<ReportProgressResponse> ReportProgress(ReportProgressRequest request, ServerCallContext context)
    {
        var report = ExportWire.ReadReport(request.Counts, request.SegmentCounts, request.ThrottledUntil);
        var cancel = await progress.RunAsync(ReadRun(request.Name, context), report, context.CancellationToken);
        return new ReportProgressResponse { CancelRequested = cancel.OrThrow() };
    }

    [RequiresWorker]
    public override async Task<RecordRejectedRowsResponse> RecordRejectedRows(RecordRejectedRowsRequest request, ServerCallContext context)
    {
        var run = ReadRun(request.Name, context);
        var refusal = await rejected.RunAsync(run, [.. request.Rows.Select(ExportWire.Read)], context.CancellationToken);
        return refusal is null ? new RecordRejectedRowsResponse() : throw refusal.ToRpcException();
    }

    [RequiresWorker]
    public override async Task<CompleteRunResponse> CompleteRun(CompleteRunRequest request, ServerCallContext context)
    {
        var run = ReadRun(request.Name, context);
        var action = ReadAction(request.State).OrThrow();
        var report = ExportWire.ReadReport(request.Counts, request.SegmentCounts, throttledUntil: null);
        var completion = new RunCompletion(action, report, request.Reason, request.Message) { Classes = [.. request.RejectionClasses.Select(ExportWire.Read)] };
        (await complete.RunAsync(run, completion, context.CancellationToken)).OrThrow();
        return new CompleteRunResponse();
    }

    [RequiresWorker]
    public override async Task<FindDeletedExportsResponse> FindDeletedExports(FindDeletedExportsRequest request, ServerCallContext context)
    {
        var deleted = await findDeleted.RunAsync([.. request.ExportUids.Distinct(StringComparer.Ordinal)], context.CancellationToken);
        return new FindDeletedExportsResponse { ExportUids = { deleted.OrThrow() } };
    }

    private static ClaimedRun ReadRun(string name, ServerCallContext context) => new(RunName.Parse(name).OrThrow(), Caller.Of(context).Service ?? "");

    private static Result<RunAction> ReadAction(Wire.RunState state) => state switch
    {
        Wire.RunState.Successful => RunAction.Succeed,
        Wire.RunState.Failed => RunAction.Fail,
        Wire.RunState.Skipped => RunAction.Skip,
        Wire.RunState.Canceled => RunAction.ConfirmCancel,
        _ => Refusal.Invalid("state", "must be RUN_STATE_SUCCESSFUL, RUN_STATE_FAILED, RUN_STATE_SKIPPED or RUN_STATE_CANCELED."),
    };
}
