namespace CustomerInsights.Rpc.Calling;

/// <summary>What the four kinds of call have in common.</summary>
public abstract class StartedCall : IDisposable
{
    private readonly CallHandlers _handlers;
    private readonly object _state;

    private protected StartedCall(CallHandlers handlers, object state) => (_handlers, _state) = (handlers, state);

    public Task<Metadata> ResponseHeadersAsync => _handlers.Headers(_state);

    /// <exception cref="InvalidOperationException">The call hasn't ended yet.</exception>
    public Status GetStatus() => _handlers.Status(_state);

    /// <exception cref="InvalidOperationException">The call hasn't ended yet.</exception>
    public Metadata GetTrailers() => _handlers.Trailers(_state);

    public void Dispose()
    {
        _handlers.Abandon(_state);
        GC.SuppressFinalize(this);
    }
}

/// <summary>What can be asked of a started call. Each gets the call's state, so that calls of one kind can share them.</summary>
internal sealed record CallHandlers(Func<object, Task<Metadata>> Headers, Func<object, Status> Status, Func<object, Metadata> Trailers, Action<object> Abandon)
{
    /// <summary>Handlers that hold their own state.</summary>
    public static CallHandlers Of(Task<Metadata> headers, Func<Status> status, Func<Metadata> trailers, Action abandon) =>
        new(_ => headers, _ => status(), _ => trailers(), _ => abandon());
}
