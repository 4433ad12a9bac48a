using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace CustomerInsights.Rpc.Serving;

/// <summary>One call from its request headers to its status.</summary>
internal sealed class ServerCall : ServerCallContext, IDisposable
{
    private static readonly TimeSpan GonePatience = TimeSpan.FromSeconds(1);

    private readonly IMethod _method;
    private readonly ServerSettings _settings;
    private readonly PipeWriter _output;
    private readonly MessageEncoder _encoder;
    private readonly CallDeadline? _deadline;
    private readonly ResponseEnd _end;
    private Metadata? _responseTrailers;
    private Task<FlushResult>? _flush;

    /// <exception cref="RpcException">The headers can't be understood.</exception>
    public ServerCall(HttpContext http, IMethod method, ServerSettings settings, ResponseEnd end)
    {
        HttpContext = http;
        _method = method;
        _settings = settings;
        _output = http.Response.BodyWriter;
        _encoder = new MessageEncoder(_output, settings.Options.MaxSendMessageSize);
        _end = end;

        var encoding = RequestEncoding(http);
        Reader = new MessageReader(http.Request.BodyReader, new MessageDecoder(settings.Options.MaxReceiveMessageSize, encoding));
        ChooseResponseEncoding();
        if (CallDeadline.ReadTimeout(http) is { } timeout)
        {
            _deadline = new CallDeadline(timeout, settings.Time, _end, http.RequestAborted);
        }
    }

    public HttpContext HttpContext { get; }

    public MessageReader Reader { get; }

    /// <summary>Ends reads of the body at the deadline. When the client goes, the transport ends them by itself.</summary>
    public CancellationToken ReadToken => _deadline?.Token ?? CancellationToken.None;

    protected override string MethodCore => _method.FullName;

    protected override string HostCore => HttpContext.Request.Host.Value ?? "";

    protected override string PeerCore => HttpContext.Connection is { RemoteIpAddress: { } address, RemotePort: var port }
        ? PeerName(address, port)
        : "unknown";

    protected override DateTime DeadlineCore => _deadline?.Time ?? DateTime.MaxValue;

    protected override Metadata RequestHeadersCore => field ??= MetadataHeaders.Read(HttpContext.Request.Headers);

    protected override CancellationToken CancellationTokenCore => _deadline?.Token ?? HttpContext.RequestAborted;

    protected override Metadata ResponseTrailersCore => _responseTrailers ??= [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => field ??= new AuthContext(null, []);

    /// <summary>Puts the message into the response and sends it on its way.</summary>
    public Task WriteAsync<T>(Marshaller<T> marshaller, T message, CancellationToken cancellationToken)
    {
        Task<FlushResult> flush;
        lock (_end)
        {
            if (_flush is { IsCompleted: false })
            {
                return Task.FromException(new InvalidOperationException("The previous message is still being written."));
            }

            CheckOpen();
            Encode(marshaller, message);
            if (WriteOptionsCore is { } options && options.Flags.HasFlag(WriteFlags.BufferHint))
            {
                return Task.CompletedTask;
            }

            var flushing = _output.FlushAsync(cancellationToken);
            if (flushing.IsCompletedSuccessfully)
            {
                return flushing.GetAwaiter().GetResult().IsCompleted ? FailGoneAsync() : Task.CompletedTask;
            }

            flush = flushing.AsTask();
            _flush = flush;
            _end.PendingFlush = flush;
        }

        return AwaitAsync(flush);
    }

    /// <summary>Puts the only message into the response; the end of the call sends it.</summary>
    /// <exception cref="RpcException">There is none.</exception>
    public void Answer<TRequest, TResponse>(Method<TRequest, TResponse> method, TResponse? message)
        where TResponse : class
    {
        if (message is null)
        {
            throw new RpcException(new Status(StatusCode.Internal, "The method answered with nothing."));
        }

        lock (_end)
        {
            CheckOpen();
            Encode(method.ResponseMarshaller, message);
        }
    }

    /// <summary>Ends the call; nothing happens when the deadline already has.</summary>
    public Task EndAsync(Status status, Metadata? exceptionTrailers)
    {
        Reader.Release();
        return _end.EndAsync(status, _responseTrailers, exceptionTrailers);
    }

    /// <summary>How an exception of the method ends the call.</summary>
    public Status StatusOf(Exception exception)
    {
        if (_deadline is { HasPassed: true })
        {
            return new Status(StatusCode.DeadlineExceeded, CallDeadline.Text);
        }

        // The transport reports a reset by failing the read, sometimes before it fires the token.
        if (HttpContext.RequestAborted.IsCancellationRequested || exception is ClientGoneException)
        {
            return new Status(StatusCode.Cancelled, "The client cancelled the call or went away.");
        }

        return exception switch
        {
            RpcException rpc => rpc.Status,
            _ when _settings.Options.EnableDetailedErrors is true =>
                new Status(StatusCode.Unknown, $"Exception was thrown by handler. {exception.GetType().Name}: {exception.Message}", exception),
            _ => new Status(StatusCode.Unknown, "Exception was thrown by handler.", exception),
        };
    }

    /// <summary>What to throw when the transport says that the client is gone. It says so a moment before it fires the token.</summary>
    public async Task<OperationCanceledException> GoneAsync()
    {
        await Task.Delay(GonePatience, CancellationTokenCore).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return Cancelled();
    }

    /// <summary>Stops the clock.</summary>
    public void Dispose() => _deadline?.Dispose();

    protected override async Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        ArgumentNullException.ThrowIfNull(responseHeaders);
        ValueTask<FlushResult> flush;
        lock (_end)
        {
            if (HttpContext.Response.HasStarted || _end.HasEnded)
            {
                throw new InvalidOperationException("The response headers have been sent already.");
            }

            MetadataHeaders.Write(responseHeaders, HttpContext.Response.Headers);
            flush = _output.FlushAsync(CancellationToken);
        }

        await flush;
    }

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        new(
            options is { IsPropagateDeadline: false } ? DateTime.MaxValue : DeadlineCore,
            options is { IsPropagateCancellation: false } ? CancellationToken.None : CancellationTokenCore);

    private static string? RequestEncoding(HttpContext http)
    {
        string? encoding = http.Request.Headers.GrpcEncoding;
        if (MessageDecoder.Supports(encoding))
        {
            return encoding;
        }

        http.Response.Headers.GrpcAcceptEncoding = HeaderNames.SupportedEncodings;
        throw new RpcException(new Status(StatusCode.Unimplemented, "The request's encoding isn't supported."));
    }

    private static string PeerName(IPAddress address, int port) => address.AddressFamily switch
    {
        AddressFamily.InterNetwork => $"ipv4:{address}:{port}",
        AddressFamily.InterNetworkV6 => $"ipv6:[{address}]:{port}",
        _ => $"unknown:{address}:{port}",
    };

    private void ChooseResponseEncoding()
    {
        if (_settings.Options.ResponseCompressionAlgorithm == HeaderNames.Gzip
            && HttpContext.Request.Headers.GrpcAcceptEncoding.ToString().Split(',', StringSplitOptions.TrimEntries).Contains(HeaderNames.Gzip))
        {
            HttpContext.Response.Headers.GrpcEncoding = HeaderNames.Gzip;
            _encoder.Compression = _settings.CompressionLevel;
        }
    }

    private void Encode<T>(Marshaller<T> marshaller, T message)
    {
        var compression = _encoder.Compression;
        if (WriteOptionsCore is { } options && options.Flags.HasFlag(WriteFlags.NoCompress))
        {
            _encoder.Compression = null;
        }

        _end.HasBody = true;
        try
        {
            _encoder.Write(marshaller, message);
        }
        finally
        {
            _encoder.Compression = compression;
            _end.IsBroken = _encoder.IsBroken;
        }
    }

    private void CheckOpen()
    {
        if (_end.HasEnded)
        {
            throw _deadline is { HasPassed: true } ? Cancelled() : new InvalidOperationException("The call has ended.");
        }

        if (_encoder.IsBroken)
        {
            throw new InvalidOperationException("An earlier message was left half written.");
        }
    }

    private async Task AwaitAsync(Task<FlushResult> flush)
    {
        if ((await flush).IsCompleted)
        {
            await FailGoneAsync();
        }
    }

    private async Task FailGoneAsync() => throw await GoneAsync();

    private OperationCanceledException Cancelled() => new("The client no longer waits for the call.", CancellationTokenCore);
}
