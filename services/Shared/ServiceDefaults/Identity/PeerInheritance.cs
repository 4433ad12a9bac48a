using Grpc.Core;
using Grpc.Core.Interceptors;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>
/// Remembers the call that is being served, so that the calls it makes of other processes end with it: at its deadline, or
/// when its caller cancels. What a handler leaves running inherits nothing once its call has ended; what it starts for
/// others, it starts with <see cref="ExecutionContext.SuppressFlow"/>.
/// </summary>
internal sealed class PeerInheritance(TimeProvider time) : Interceptor
{
    private static readonly ContextPropagationOptions OnlyCancellation = new(propagateDeadline: false);
    private static readonly AsyncLocal<ServedCall?> Current = new();

    /// <summary>The options with what the call that is being served passes on; the earlier deadline counts.</summary>
    public static CallOptions Inherit(CallOptions options)
    {
        if (Current.Value is not { Context: { } context } served)
        {
            return options;
        }

        if (served.Remaining(context) is { } remaining)
        {
            // A deadline is kept by the network's clock, which is the system's, whatever the process takes for now.
            var inherited = (TimeProvider.System.GetUtcNow() + remaining).UtcDateTime;
            options = options.Deadline is { } own && own <= inherited ? options : options.WithDeadline(inherited);
        }

        return options.PropagationToken is null ? options.WithPropagationToken(context.CreatePropagationToken(OnlyCancellation)) : options;
    }

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        using var served = Serve(context);
        return await continuation(request, context);
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        using var served = Serve(context);
        return await continuation(requestStream, context);
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        using var served = Serve(context);
        await continuation(request, responseStream, context);
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        using var served = Serve(context);
        await continuation(requestStream, responseStream, context);
    }

    private ServedCall Serve(ServerCallContext context)
    {
        var served = new ServedCall(context, time);
        Current.Value = served;
        return served;
    }

    /// <summary>Known to all that a handler started, so it lets the context go when the call ends.</summary>
    private sealed class ServedCall(ServerCallContext context, TimeProvider time) : IDisposable
    {
        private volatile ServerCallContext? _context = context;

        public ServerCallContext? Context => _context;

        public TimeSpan? Remaining(ServerCallContext call) => call.Deadline == DateTime.MaxValue ? null : call.Deadline - time.GetUtcNow().UtcDateTime;

        public void Dispose() => _context = null;
    }
}
