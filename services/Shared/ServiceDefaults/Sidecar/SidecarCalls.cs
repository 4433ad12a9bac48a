using Grpc.Core;
using Grpc.Core.Interceptors;

namespace CustomerInsights.ServiceDefaults.Sidecar;

/// <summary>
/// Tells the sidecar which app a call is for:
/// https://docs.dapr.io/developing-applications/building-blocks/service-invocation/howto-invoke-services-grpc/.
/// </summary>
internal sealed class SidecarCalls(string appId, string? apiToken) : Interceptor
{
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation) =>
        continuation(request, Address(context, isStream: false));

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation) =>
        continuation(request, Address(context, isStream: true));

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncClientStreamingCallContinuation<TRequest, TResponse> continuation) =>
        continuation(Address(context, isStream: true));

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation) =>
        continuation(Address(context, isStream: true));

    private ClientInterceptorContext<TRequest, TResponse> Address<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context, bool isStream)
        where TRequest : class
        where TResponse : class
    {
        // A copy: the caller may use its headers for several calls.
        var headers = new Metadata();
        foreach (var entry in context.Options.Headers ?? [])
        {
            headers.Add(entry);
        }

        headers.Add("dapr-app-id", appId);
        if (isStream)
        {
            // Without it the sidecar may begin a broken stream anew, or cut a long one off.
            headers.Add("dapr-stream", "true");
        }

        if (apiToken is not null)
        {
            headers.Add("dapr-api-token", apiToken);
        }

        return new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, context.Options.WithHeaders(headers));
    }
}
