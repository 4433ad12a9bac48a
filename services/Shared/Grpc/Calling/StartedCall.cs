namespace CustomerInsights.Rpc.Calling;

/// <summary>What the four kinds of call have in common, with or without a state object to spare closures.</summary>
public abstract class StartedCall : IDisposable
{
    private readonly Func<object, Task<Metadata>> _responseHeaders;
    private readonly Func<object, Status> _status;
    private readonly Func<object, Metadata> _trailers;
    private readonly Action<object> _dispose;
    private readonly object _state;

    private protected StartedCall(Task<Metadata> responseHeaders, Func<Status> status, Func<Metadata> trailers, Action dispose)
        : this(_ => responseHeaders, _ => status(), _ => trailers(), _ => dispose(), responseHeaders)
    {
    }

    private protected StartedCall(
        Func<object, Task<Metadata>> responseHeaders, Func<object, Status> status, Func<object, Metadata> trailers, Action<object> dispose, object state)
    {
        _responseHeaders = responseHeaders;
        _status = status;
        _trailers = trailers;
        _dispose = dispose;
        _state = state;
    }

    public Task<Metadata> ResponseHeadersAsync => _responseHeaders(_state);

    /// <exception cref="InvalidOperationException">The call hasn't ended yet.</exception>
    public Status GetStatus() => _status(_state);

    /// <exception cref="InvalidOperationException">The call hasn't ended yet.</exception>
    public Metadata GetTrailers() => _trailers(_state);

    public void Dispose()
    {
        _dispose(_state);
        GC.SuppressFinalize(this);
    }
}
