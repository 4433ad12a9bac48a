using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using CustomerInsights.Rpc.Serving;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace CustomerInsights.TestKit.Sidecar.Proxying;

/// <summary>The gRPC port of a sidecar: passes calls of any method on to the app that their metadata name.</summary>
internal sealed class ProxyEndpoint(SidecarOptions options)
{
    public const string TokenHeader = "dapr-api-token";
    public const string OwnService = "dapr.proto.runtime.v1.Dapr";

    private const string AppIdHeader = "dapr-app-id";
    private const string CalleeHeader = "dapr-callee-app-id";
    private const string CallerHeader = "dapr-caller-app-id";
    private const string StreamHeader = "dapr-stream";
    private static readonly HashSet<string> Kept = [AppIdHeader, CalleeHeader, CallerHeader, TokenHeader, "user-agent"];
    private static readonly Marshaller<byte[]> Bytes = new(message => message, message => message);

    private readonly ConcurrentDictionary<string, MethodEndpoint> _methods = new(StringComparer.Ordinal);
    private readonly ServerSettings _settings = new(
        new GrpcServiceOptions { MaxReceiveMessageSize = options.MaxBodyBytes, MaxSendMessageSize = options.MaxBodyBytes }, options.Time, NullLogger.Instance);

    public Task HandleAsync(HttpContext http) => _methods.GetOrAdd(http.Request.Path.Value!, EndpointOf).HandleAsync(http);

    /// <summary>Whether a request may enter; compared without telling by the time it takes.</summary>
    public static bool IsToken(string? expected, string? presented) =>
        expected is null || CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(presented ?? ""));

    private MethodEndpoint EndpointOf(string path)
    {
        var parts = path.Trim('/').Split('/', 2);
        var method = new Method<byte[], byte[]>(MethodType.DuplexStreaming, parts[0], parts[^1], Bytes, Bytes);
        return new MethodEndpoint(method, _settings, async call =>
            await ProxyAsync(method, new RequestStream<byte[]>(call, call.Reader, Bytes), new ResponseStream<byte[]>(call, Bytes), call));
    }

    private async Task ProxyAsync(Method<byte[], byte[]> method, IAsyncStreamReader<byte[]> requests, IServerStreamWriter<byte[]> responses, ServerCallContext context)
    {
        if (!IsToken(options.ApiToken, context.RequestHeaders.GetValue(TokenHeader)))
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, "authentication error: api token mismatch"));
        }

        if (method.ServiceName == OwnService)
        {
            throw new RpcException(new Status(StatusCode.Unimplemented, $"The stand-in has no {method.Name}."));
        }

        var callee = context.RequestHeaders.GetValue(CalleeHeader) ?? context.RequestHeaders.GetValue(AppIdHeader)
            ?? throw new RpcException(new Status(StatusCode.Unknown, $"failed to proxy request: required metadata {CalleeHeader} or {AppIdHeader} not found"));
        var target = options.Network.Find(callee)
            ?? throw new RpcException(new Status(StatusCode.Unavailable, $"The stand-in knows no app {callee}."));
        if (target.App is not { IsHealthy: true } app)
        {
            throw new RpcException(new Status(StatusCode.Internal, "app is not in a healthy state"));
        }

        var isStream = context.RequestHeaders.GetValue(StreamHeader) is "true" or "1" or "y" or "yes" or "on";
        var policy = target.AppId == options.AppId ? null : options.Calls.GetValueOrDefault(target.AppId);
        var call = new ProxiedCall(app.Invoker, method, HeadersFor(context.RequestHeaders, target), requests, responses, context);
        await (isStream || policy is null ? call.PassOnAsync() : call.PassOnAsync(policy, options.Time));
    }

    private Metadata HeadersFor(Metadata received, SidecarStandIn target)
    {
        var headers = new Metadata();
        foreach (var entry in received.Where(entry => !Kept.Contains(entry.Key)))
        {
            headers.Add(entry);
        }

        headers.Add(CallerHeader, options.AppId);
        headers.Add(CalleeHeader, target.AppId);
        if (target.AppToken is { } token)
        {
            headers.Add(TokenHeader, token);
        }

        return headers;
    }
}
