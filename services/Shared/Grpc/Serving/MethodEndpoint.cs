using CustomerInsights.Rpc.Metering;
using CustomerInsights.Rpc.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Rpc.Serving;

/// <summary>Serves the calls of one method: checks the request, runs the method, sends the status.</summary>
/// <param name="method">The method.</param>
/// <param name="settings">What all calls have in common.</param>
/// <param name="invoke">Runs the method. When its request is a single message, that has arrived by then.</param>
internal sealed partial class MethodEndpoint(IMethod method, ServerSettings settings, Func<ServerCall, ValueTask> invoke)
{
    private const int KestrelBodyLimit = 30_000_000 - MessageDecoder.PrefixLength;

    private bool IsClientStream => method.Type is MethodType.ClientStreaming or MethodType.DuplexStreaming;

    public async Task HandleAsync(HttpContext http)
    {
        if (!RequestCheck.Accepts(http))
        {
            return;
        }

        var started = CallTelemetry.StartClock(settings.Time);
        var end = new ResponseEnd(http);
        ServerCall? call = null;
        var status = Status.DefaultSuccess;
        try
        {
            CheckPath(http);
            CheckKind(http);
            LiftLimits(http);
            call = new ServerCall(http, method, settings, end);
            if (!IsClientStream)
            {
                await call.Reader.WaitForSingleAsync(call.ReadToken);
            }

            await invoke(call);
            status = call.Status;
            await call.EndAsync(status, null);
        }
        catch (Exception exception)
        {
            status = call?.StatusOf(exception) ?? (exception as RpcException)?.Status ?? new Status(StatusCode.Unknown, "", exception);
            LogEnd(exception, status);
            var trailers = (exception as RpcException)?.Trailers;
            await (call?.EndAsync(status, trailers) ?? end.EndAsync(status, null, trailers));
        }
        finally
        {
            call?.Dispose();
            var activity = http.Features.Get<IHttpActivityFeature>()?.Activity;
            CallTelemetry.EndServer(
                method,
                end.EndedAtDeadline ? StatusCode.DeadlineExceeded : status.StatusCode,
                settings.Time,
                started,
                activity is { IsAllDataRequested: true } ? activity : null);
        }
    }

    private void CheckPath(HttpContext http)
    {
        // Routes ignore case; gRPC doesn't.
        if (!string.Equals(http.Request.Path.Value, method.FullName, StringComparison.Ordinal))
        {
            throw new RpcException(new Status(StatusCode.Unimplemented, "Service is unimplemented."));
        }
    }

    private void CheckKind(HttpContext http)
    {
        // A browser sends the whole request before it looks at the response.
        if (IsClientStream && http.Features.Get<WebCall>() is not null)
        {
            throw new RpcException(new Status(StatusCode.Unimplemented, "gRPC-Web has no client streaming: call this method by gRPC over HTTP/2."));
        }
    }

    private void LiftLimits(HttpContext http)
    {
        // Our own limit is per message and refuses before anything is buffered; the transport's is for whole bodies.
        if ((IsClientStream || settings.Options.MaxReceiveMessageSize is null or > KestrelBodyLimit)
            && http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bodySize)
        {
            bodySize.MaxRequestBodySize = null;
        }

        if (IsClientStream && http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } dataRate)
        {
            dataRate.MinDataRate = null;
        }

        if (method.Type is not MethodType.Unary)
        {
            http.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        }
    }

    private void LogEnd(Exception exception, Status status)
    {
        switch (status.StatusCode)
        {
            case StatusCode.Cancelled or StatusCode.DeadlineExceeded when exception is not RpcException:
                Log.Abandoned(settings.Logger, method.FullName, status.StatusCode);
                break;
            case var _ when exception is RpcException:
                Log.Refused(settings.Logger, method.FullName, status.StatusCode);
                break;
            default:
                Log.Failed(settings.Logger, exception, method.FullName);
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Method} failed.")]
        public static partial void Failed(ILogger logger, Exception exception, string method);

        [LoggerMessage(2, LogLevel.Debug, "{Method} refused the call with {StatusCode}.")]
        public static partial void Refused(ILogger logger, string method, StatusCode statusCode);

        [LoggerMessage(3, LogLevel.Debug, "{Method} was abandoned with {StatusCode}.")]
        public static partial void Abandoned(ILogger logger, string method, StatusCode statusCode);
    }
}
