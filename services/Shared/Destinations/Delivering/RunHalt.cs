using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.ServiceDefaults.Errors;
using Grpc.Core;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>How a run ends.</summary>
internal sealed record RunEnd(RunState State, string Reason)
{
    /// <summary>The reason in words, with the remedy; empty when the reason says it all.</summary>
    public string Message { get; init; } = "";

    /// <summary>The destination refused the credential: the connection has to be marked.</summary>
    public bool MarksConnection => Reason is Reasons.CredentialUnknown or Reasons.CredentialForbidden;

    public static RunEnd Successful { get; } = new(RunState.Successful, "");

    /// <summary>Why a person stopped it is recorded where that person said so.</summary>
    public static RunEnd Canceled { get; } = new(RunState.Canceled, "");

    public static RunEnd Failed(string reason, string message = "") => new(RunState.Failed, reason) { Message = message };

    /// <summary>The members cannot be read as the export defines them; no repetition mends that.</summary>
    public static RunEnd Unreadable(RpcException refused) =>
        Failed(refused.GetReason() ?? Reasons.MembersUnreadable, refused.GetReason() is null ? "" : refused.Status.Detail);
}

/// <summary>
/// Stops a run early: nothing more is read or sent, what is on its way is finished and recorded. The first reason counts.
/// </summary>
internal sealed class RunHalt : IDisposable
{
    private readonly CancellationTokenSource _source;
    private RunEnd? _end;
    private long _resumeAt;

    /// <param name="stopping">Fires when the process stops or the lease is lost.</param>
    public RunHalt(CancellationToken stopping) => _source = CancellationTokenSource.CreateLinkedTokenSource(stopping);

    /// <summary>Ends all waiting and reading; never cancels what is on its way.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Why the run ends, or null when nobody asked for it.</summary>
    public RunEnd? End => _end;

    /// <summary>When the run is to be taken up again, or null when nobody put it down.</summary>
    public DateTimeOffset? ResumeAt => Interlocked.Read(ref _resumeAt) is var ticks and > 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    public bool IsRequested => Token.IsCancellationRequested;

    public void Request(RunEnd end)
    {
        Interlocked.CompareExchange(ref _end, end, null);
        _source.Cancel();
    }

    /// <summary>Stops without an end: until then the destination wants nothing to be sent.</summary>
    public void PutDown(DateTimeOffset resumeAt)
    {
        Interlocked.CompareExchange(ref _resumeAt, resumeAt.UtcTicks, 0);
        _source.Cancel();
    }

    /// <summary>Waits, unless the run is halted: tells whether the whole time has passed.</summary>
    public async Task<bool> WaitAsync(Func<CancellationToken, Task> wait)
    {
        try
        {
            await wait(Token);
            return true;
        }
        catch (OperationCanceledException) when (IsRequested)
        {
            return false;
        }
    }

    public void Dispose() => _source.Dispose();
}
