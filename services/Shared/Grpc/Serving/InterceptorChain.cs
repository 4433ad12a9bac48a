using Grpc.AspNetCore.Server;
using Grpc.Core.Interceptors;

namespace CustomerInsights.Rpc.Serving;

/// <summary>Puts the server's interceptors around a method, the first outermost.</summary>
internal sealed class InterceptorChain(IServiceProvider root, IEnumerable<InterceptorRegistration> registrations)
{
    private readonly PerCall<Interceptor>[] _innermostFirst =
        [.. registrations.Reverse().Select(registration => new PerCall<Interceptor>(root, registration.Type, [.. registration.Arguments]))];

    public UnaryServerMethod<TRequest, TResponse> Around<TRequest, TResponse>(UnaryServerMethod<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class =>
        _innermostFirst.Aggregate(method, (next, interceptor) => (request, context) =>
            interceptor.Get(context).UnaryServerHandler(request, context, next));

    public ClientStreamingServerMethod<TRequest, TResponse> Around<TRequest, TResponse>(ClientStreamingServerMethod<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class =>
        _innermostFirst.Aggregate(method, (next, interceptor) => (requests, context) =>
            interceptor.Get(context).ClientStreamingServerHandler(requests, context, next));

    public ServerStreamingServerMethod<TRequest, TResponse> Around<TRequest, TResponse>(ServerStreamingServerMethod<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class =>
        _innermostFirst.Aggregate(method, (next, interceptor) => (request, responses, context) =>
            interceptor.Get(context).ServerStreamingServerHandler(request, responses, context, next));

    public DuplexStreamingServerMethod<TRequest, TResponse> Around<TRequest, TResponse>(DuplexStreamingServerMethod<TRequest, TResponse> method)
        where TRequest : class
        where TResponse : class =>
        _innermostFirst.Aggregate(method, (next, interceptor) => (requests, responses, context) =>
            interceptor.Get(context).DuplexStreamingServerHandler(requests, responses, context, next));
}
