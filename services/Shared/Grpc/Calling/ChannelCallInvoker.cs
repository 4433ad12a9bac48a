using Grpc.Core;
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
        var content = RequestContent.Of(method.RequestMarshaller, request, channel.Options.MaxSendMessageSize, options);
        var call = new ClientCall(channel, method, host, options);
        return new AsyncUnaryCall<TResponse>(call.ReadSingleAsync(call.SendAsync(content), method.ResponseMarshaller), call.Handle);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var content = RequestContent.Of(method.RequestMarshaller, request, channel.Options.MaxSendMessageSize, options);
        var call = new ClientCall(channel, method, host, options);
        var sending = Observed(call.SendAsync(content));
        return new AsyncServerStreamingCall<TResponse>(new ResponseReader<TResponse>(call, sending, method.ResponseMarshaller), call.Handle);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = new ClientCall(channel, method, host, options);
        var requests = new RequestWriter<TRequest>(call, method.RequestMarshaller);
        var response = Observed(call.ReadSingleAsync(call.SendAsync(requests.Content), method.ResponseMarshaller));
        requests.Response = response;
        return new AsyncClientStreamingCall<TRequest, TResponse>(requests, response, call.Handle);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = new ClientCall(channel, method, host, options);
        var requests = new RequestWriter<TRequest>(call, method.RequestMarshaller);
        var sending = Observed(call.SendAsync(requests.Content));
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            requests, new ResponseReader<TResponse>(call, sending, method.ResponseMarshaller), call.Handle);
    }

    /// <summary>A caller who leaves a stream early never looks at this task; its failure must not count as unobserved.</summary>
    private static Task<T> Observed<T>(Task<T> task)
    {
        _ = task.ContinueWith(
            static failed => _ = failed.Exception, CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return task;
    }
}
