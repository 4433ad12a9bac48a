using System.Runtime.CompilerServices;
using CustomerInsights.Rpc.Calling;

namespace Grpc.Core;

/// <summary>A call with one message each way. Disposing cancels it unless it has ended.</summary>
public sealed class AsyncUnaryCall<TResponse> : StartedCall
{
    public AsyncUnaryCall(
        Task<TResponse> responseAsync, Task<Metadata> responseHeadersAsync, Func<Status> getStatusFunc, Func<Metadata> getTrailersFunc, Action disposeAction)
        : this(responseAsync, CallHandlers.Of(responseHeadersAsync, getStatusFunc, getTrailersFunc, disposeAction), responseHeadersAsync)
    {
    }

    public AsyncUnaryCall(
        Task<TResponse> responseAsync, Func<object, Task<Metadata>> responseHeadersAsync, Func<object, Status> getStatusFunc,
        Func<object, Metadata> getTrailersFunc, Action<object> disposeAction, object state)
        : this(responseAsync, new CallHandlers(responseHeadersAsync, getStatusFunc, getTrailersFunc, disposeAction), state)
    {
    }

    internal AsyncUnaryCall(Task<TResponse> responseAsync, CallHandlers handlers, object state)
        : base(handlers, state) =>
        ResponseAsync = responseAsync;

    public Task<TResponse> ResponseAsync { get; }

    public TaskAwaiter<TResponse> GetAwaiter() => ResponseAsync.GetAwaiter();

    public ConfiguredTaskAwaitable<TResponse> ConfigureAwait(bool continueOnCapturedContext) => ResponseAsync.ConfigureAwait(continueOnCapturedContext);
}

/// <summary>A call with one message up and many down. Disposing cancels it unless it has ended.</summary>
public sealed class AsyncServerStreamingCall<TResponse> : StartedCall
{
    public AsyncServerStreamingCall(
        IAsyncStreamReader<TResponse> responseStream, Task<Metadata> responseHeadersAsync, Func<Status> getStatusFunc,
        Func<Metadata> getTrailersFunc, Action disposeAction)
        : this(responseStream, CallHandlers.Of(responseHeadersAsync, getStatusFunc, getTrailersFunc, disposeAction), responseHeadersAsync)
    {
    }

    public AsyncServerStreamingCall(
        IAsyncStreamReader<TResponse> responseStream, Func<object, Task<Metadata>> responseHeadersAsync, Func<object, Status> getStatusFunc,
        Func<object, Metadata> getTrailersFunc, Action<object> disposeAction, object state)
        : this(responseStream, new CallHandlers(responseHeadersAsync, getStatusFunc, getTrailersFunc, disposeAction), state)
    {
    }

    internal AsyncServerStreamingCall(IAsyncStreamReader<TResponse> responseStream, CallHandlers handlers, object state)
        : base(handlers, state) =>
        ResponseStream = responseStream;

    public IAsyncStreamReader<TResponse> ResponseStream { get; }
}

/// <summary>A call with many messages up and one down. Disposing cancels it unless it has ended.</summary>
public sealed class AsyncClientStreamingCall<TRequest, TResponse> : StartedCall
{
    public AsyncClientStreamingCall(
        IClientStreamWriter<TRequest> requestStream, Task<TResponse> responseAsync, Task<Metadata> responseHeadersAsync,
        Func<Status> getStatusFunc, Func<Metadata> getTrailersFunc, Action disposeAction)
        : this(requestStream, responseAsync, CallHandlers.Of(responseHeadersAsync, getStatusFunc, getTrailersFunc, disposeAction), responseHeadersAsync)
    {
    }

    public AsyncClientStreamingCall(
        IClientStreamWriter<TRequest> requestStream, Task<TResponse> responseAsync, Func<object, Task<Metadata>> responseHeadersAsync,
        Func<object, Status> getStatusFunc, Func<object, Metadata> getTrailersFunc, Action<object> disposeAction, object state)
        : this(requestStream, responseAsync, new CallHandlers(responseHeadersAsync, getStatusFunc, getTrailersFunc, disposeAction), state)
    {
    }

    internal AsyncClientStreamingCall(IClientStreamWriter<TRequest> requestStream, Task<TResponse> responseAsync, CallHandlers handlers, object state)
        : base(handlers, state) =>
        (RequestStream, ResponseAsync) = (requestStream, responseAsync);

    public IClientStreamWriter<TRequest> RequestStream { get; }

    public Task<TResponse> ResponseAsync { get; }

    public TaskAwaiter<TResponse> GetAwaiter() => ResponseAsync.GetAwaiter();

    public ConfiguredTaskAwaitable<TResponse> ConfigureAwait(bool continueOnCapturedContext) => ResponseAsync.ConfigureAwait(continueOnCapturedContext);
}

/// <summary>A call with many messages both ways. Disposing cancels it unless it has ended.</summary>
public sealed class AsyncDuplexStreamingCall<TRequest, TResponse> : StartedCall
{
    public AsyncDuplexStreamingCall(
        IClientStreamWriter<TRequest> requestStream, IAsyncStreamReader<TResponse> responseStream, Task<Metadata> responseHeadersAsync,
        Func<Status> getStatusFunc, Func<Metadata> getTrailersFunc, Action disposeAction)
        : this(requestStream, responseStream, CallHandlers.Of(responseHeadersAsync, getStatusFunc, getTrailersFunc, disposeAction), responseHeadersAsync)
    {
    }

    public AsyncDuplexStreamingCall(
        IClientStreamWriter<TRequest> requestStream, IAsyncStreamReader<TResponse> responseStream, Func<object, Task<Metadata>> responseHeadersAsync,
        Func<object, Status> getStatusFunc, Func<object, Metadata> getTrailersFunc, Action<object> disposeAction, object state)
        : this(requestStream, responseStream, new CallHandlers(responseHeadersAsync, getStatusFunc, getTrailersFunc, disposeAction), state)
    {
    }

    internal AsyncDuplexStreamingCall(IClientStreamWriter<TRequest> requestStream, IAsyncStreamReader<TResponse> responseStream, CallHandlers handlers, object state)
        : base(handlers, state) =>
        (RequestStream, ResponseStream) = (requestStream, responseStream);

    public IClientStreamWriter<TRequest> RequestStream { get; }

    public IAsyncStreamReader<TResponse> ResponseStream { get; }
}
