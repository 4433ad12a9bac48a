using System.Collections.Concurrent;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.ServiceDefaults.Errors;
using Grpc.Core;

namespace CustomerInsights.Destinations.Contract;

/// <summary>Stands in for Exports: hands runs out and keeps what is reported on them.</summary>
public sealed class FakeExports : ExportRunService.ExportRunServiceBase
{
    private readonly ConcurrentDictionary<string, RunAssignment> _open = new();
    private readonly ConcurrentDictionary<string, CompleteRunRequest> _completed = new();
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, RejectedRow>> _rejected = new();

    /// <summary>How many of the next calls find nobody at home.</summary>
    public int Outages { get; set; }

    /// <summary>Uids of exports that are gone.</summary>
    public ConcurrentBag<string> Deleted { get; } = [];

    /// <summary>Refuses to hand runs out.</summary>
    public RpcException? BeginRefusal { get; set; }

    /// <summary>Refuses lists of refused rows.</summary>
    public RpcException? RowsRefusal { get; set; }

    /// <summary>Somebody asked to stop.</summary>
    public bool CancelRequested { get; set; }

    public ConcurrentQueue<ReportProgressRequest> Progress { get; } = new();

    public int Begun { get; private set; }

    public void Open(RunAssignment assignment) => _open[assignment.Run] = assignment;

    public CompleteRunRequest? CompletionOf(string run) => _completed.GetValueOrDefault(run);

    /// <summary>Refused rows of a run: customer id and reason.</summary>
    public IReadOnlyDictionary<string, string> RejectedOf(string run) =>
        _rejected.TryGetValue(run, out var rows) ? rows.ToDictionary(row => row.Key, row => row.Value.Reason) : [];

    /// <summary>Everything in words that was reported, to look for what must not be in it.</summary>
    public string Texts => string.Join('\n', _completed.Values.Select(c => c.ToString()).Concat(_rejected.Values.SelectMany(rows => rows.Values).Select(row => row.ToString())).Concat(Progress.Select(p => p.ToString())));

    public override Task<RunAssignment> BeginRun(BeginRunRequest request, ServerCallContext context)
    {
        Answer(BeginRefusal);
        Begun++;
        return _open.TryGetValue(request.Name, out var assignment) && !_completed.ContainsKey(request.Name)
            ? Task.FromResult(assignment)
            : throw Refusal.Precondition("RUN_ENDED", "The run is over.").ToRpcException();
    }

    public override Task<ReportProgressResponse> ReportProgress(ReportProgressRequest request, ServerCallContext context)
    {
        Progress.Enqueue(request);
        return Task.FromResult(new ReportProgressResponse { CancelRequested = CancelRequested });
    }

    public override Task<RecordRejectedRowsResponse> RecordRejectedRows(RecordRejectedRowsRequest request, ServerCallContext context)
    {
        Answer(RowsRefusal);
        Assert.That(request.Rows, Has.Count.InRange(1, 1_000));
        var rows = _rejected.GetOrAdd(request.Name, _ => new());
        foreach (var row in request.Rows)
        {
            rows[row.CustomerId] = row;
        }

        return Task.FromResult(new RecordRejectedRowsResponse());
    }

    public override Task<CompleteRunResponse> CompleteRun(CompleteRunRequest request, ServerCallContext context)
    {
        Answer();
        _completed.TryAdd(request.Name, request);
        return Task.FromResult(new CompleteRunResponse());
    }

    public override Task<FindDeletedExportsResponse> FindDeletedExports(FindDeletedExportsRequest request, ServerCallContext context)
    {
        Assert.That(request.ExportUids, Has.Count.InRange(1, 1_000));
        return Task.FromResult(new FindDeletedExportsResponse { ExportUids = { request.ExportUids.Intersect(Deleted) } });
    }

    private void Answer(RpcException? refusal = null)
    {
        if (refusal is not null)
        {
            throw refusal;
        }

        if (Outages > 0)
        {
            Outages--;
            throw new RpcException(new Status(StatusCode.Unavailable, "Nobody at home."));
        }
    }
}
