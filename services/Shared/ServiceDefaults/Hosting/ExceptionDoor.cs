using System.Diagnostics;
using System.Net.Sockets;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.ServiceDefaults.Telemetry;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>
/// The one place where an exception of a call becomes a status. Refusals are RpcExceptions already; what else comes here is
/// a caller that went away, an outage, or a bug. Neither the status nor the log repeats an exception's message, which may
/// hold values.
/// </summary>
internal sealed partial class ExceptionDoor(IHostApplicationLifetime lifetime, ILogger<ExceptionDoor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw Translate(exception, context);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(requestStream, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw Translate(exception, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw Translate(exception, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw Translate(exception, context);
        }
    }

    private RpcException Translate(Exception exception, ServerCallContext context)
    {
        if (context.CancellationToken.IsCancellationRequested)
        {
            return TimeProvider.System.GetUtcNow() >= context.Deadline
                ? Status(StatusCode.DeadlineExceeded, "The deadline has passed.")
                : Status(StatusCode.Cancelled, "The call was cancelled.");
        }

        if (exception is OperationCanceledException && lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return Status(StatusCode.Unavailable, "The service is stopping. Try again.");
        }

        if (IsOutage(exception))
        {
            Log.Outage(logger, context.Method, ExceptionOutline.Of(exception));
            return Status(StatusCode.Unavailable, "Something that the service needs is out of reach. Try again.");
        }

        Log.Failed(logger, context.Method, ExceptionOutline.Of(exception));
        return Status(StatusCode.Internal, $"The service failed. Ask its operators, with the trace id {Activity.Current?.TraceId.ToString() ?? "-"}.");
    }

    private static bool IsOutage(Exception exception) =>
        DatabaseOutage.Is(exception) || exception is SocketException or HttpRequestException or RabbitMQ.Client.Exceptions.BrokerUnreachableException;

    private static RpcException Status(StatusCode code, string detail) => new(new Status(code, detail));

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Method} failed: {Outline}")]
        public static partial void Failed(ILogger logger, string method, string outline);

        [LoggerMessage(2, LogLevel.Warning, "{Method} met an outage: {Outline}")]
        public static partial void Outage(ILogger logger, string method, string outline);
    }
}
