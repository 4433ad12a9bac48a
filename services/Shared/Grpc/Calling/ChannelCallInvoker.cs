using Grpc.Net.Client;

namespace CustomerInsights.Rpc.Calling;

/// <summary>Starts calls on a channel.</summary>
internal sealed class ChannelCallInvoker(GrpcChannel channel) : CallInvoker
{
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        using var call = AsyncUnaryCall(method, host, options, request);
        return call.ResponseAsync.GetAwaiter().GetResult();
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = new ClientCall(channel, method, host, options);
        var response = call.Observed(call.SendAsync(RequestContent.Of(call, method.RequestMarshaller, request), method.ResponseMarshaller));
        return new AsyncUnaryCall<TResponse>(response, ClientCall.Handlers, call);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = new ClientCall(channel, method, host, options);
        var sending = call.Observed(call.SendAsync(RequestContent.Of(call, method.RequestMarshaller, request)));
        return new AsyncServerStreamingCall<TResponse>(new ResponseReader<TResponse>(call, sending, method.ResponseMarshaller), ClientCall.Handlers, call);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = new ClientCall(channel, method, host, options);
        var requests = new RequestWriter<TRequest>(call, method.RequestMarshaller);
        var response = call.Observed(call.SendAsync(requests.Content, method.ResponseMarshaller));
        requests.Response = response;
        return new AsyncClientStreamingCall<TRequest, TResponse>(requests, response, ClientCall.Handlers, call);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = new ClientCall(channel, method, host, options);
        var requests = new RequestWriter<TRequest>(call, method.RequestMarshaller);
        var sending = call.Observed(call.SendAsync(requests.Content));
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            requests, new ResponseReader<TResponse>(call, sending, method.ResponseMarshaller), ClientCall.Handlers, call);
    }
}
