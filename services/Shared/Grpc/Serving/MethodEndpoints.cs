using Grpc.Core;

namespace CustomerInsights.Rpc.Serving;

internal sealed class UnaryEndpoint<TRequest, TResponse>(
    Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse> invoke, ServerSettings settings) : MethodEndpoint(method, settings)
    where TRequest : class
    where TResponse : class
{
    protected override async Task InvokeAsync(ServerCall call, CancellationToken cancellationToken)
    {
        var request = await call.Reader.ReadSingleAsync(method.RequestMarshaller, cancellationToken);
        call.Write(method.ResponseMarshaller, await invoke(request, call) ?? throw NoAnswer());
    }

    internal static RpcException NoAnswer() => new(new Status(StatusCode.Internal, "The method answered with nothing."));
}

internal sealed class ClientStreamingEndpoint<TRequest, TResponse>(
    Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse> invoke, ServerSettings settings) : MethodEndpoint(method, settings)
    where TRequest : class
    where TResponse : class
{
    protected override async Task InvokeAsync(ServerCall call, CancellationToken cancellationToken)
    {
        var requests = new RequestStream<TRequest>(call, call.Reader, method.RequestMarshaller);
        call.Write(method.ResponseMarshaller, await invoke(requests, call) ?? throw UnaryEndpoint<TRequest, TResponse>.NoAnswer());
    }
}

internal sealed class ServerStreamingEndpoint<TRequest, TResponse>(
    Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse> invoke, ServerSettings settings) : MethodEndpoint(method, settings)
    where TRequest : class
    where TResponse : class
{
    protected override async Task InvokeAsync(ServerCall call, CancellationToken cancellationToken)
    {
        var request = await call.Reader.ReadSingleAsync(method.RequestMarshaller, cancellationToken);
        await invoke(request, new ResponseStream<TResponse>(call, method.ResponseMarshaller), call);
    }
}

internal sealed class DuplexStreamingEndpoint<TRequest, TResponse>(
    Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse> invoke, ServerSettings settings) : MethodEndpoint(method, settings)
    where TRequest : class
    where TResponse : class
{
    protected override Task InvokeAsync(ServerCall call, CancellationToken cancellationToken) => invoke(
        new RequestStream<TRequest>(call, call.Reader, method.RequestMarshaller), new ResponseStream<TResponse>(call, method.ResponseMarshaller), call);
}
