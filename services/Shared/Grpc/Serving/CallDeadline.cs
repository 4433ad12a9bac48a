using Microsoft.AspNetCore.Http;

namespace CustomerInsights.Rpc.Serving;

/// <summary>Ends a call whose time is over, whatever its method is doing.</summary>
internal sealed class CallDeadline : IDisposable
{
    public const string Text = "The deadline has passed.";

    private readonly ResponseEnd _end;
    private readonly CancellationTokenSource _cancellation;
    private readonly ITimer? _timer;

    public CallDeadline(TimeSpan timeout, TimeProvider time, ResponseEnd end, CancellationToken clientGone)
    {
        _end = end;
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(clientGone);
        Token = _cancellation.Token;
        var now = time.GetUtcNow().UtcDateTime;
        Time = DateTime.MaxValue - now > timeout ? now + timeout : DateTime.MaxValue;
        if (timeout <= GrpcTimeout.MaxTimer)
        {
            _timer = time.CreateTimer(static state => ((CallDeadline)state!).Pass(), this, timeout, Timeout.InfiniteTimeSpan);
        }
    }

    public DateTime Time { get; }

    public CancellationToken Token { get; }

    public bool HasPassed => _end.EndedAtDeadline;

    /// <exception cref="RpcException">The header makes no sense.</exception>
    public static TimeSpan? ReadTimeout(HttpContext http)
    {
        string? text = http.Request.Headers.GrpcTimeout;
        if (text is null)
        {
            return null;
        }

        return GrpcTimeout.TryDecode(text, out var timeout)
            ? timeout
            : throw new RpcException(new Status(StatusCode.Internal, "The call's timeout can't be understood."));
    }

    public void Dispose()
    {
        _timer?.Dispose();

        // A timer that has fired may be about to use it.
        if (!HasPassed)
        {
            _cancellation.Dispose();
        }
    }

    private void Pass()
    {
        // The status goes out before the method learns of it, so its reaction can't become the status.
        if (_end.TryEndAtDeadline(new Status(StatusCode.DeadlineExceeded, Text)))
        {
            // Not Cancel: what a method registered may throw, and on a timer that would end the process.
            _ = _cancellation.CancelAsync();
        }
    }
}
