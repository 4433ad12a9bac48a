using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using CustomerInsights.Rpc.Metering;
using Grpc.Net.Client;

namespace CustomerInsights.Rpc.Calling;

/// <summary>One call of a client, from its request headers to its status. It is its own lock, which nobody else sees: small calls feel each object.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "Its cancellation source has no timer; Finish releases the rest, because callers needn't dispose calls that ended.")]
internal sealed class ClientCall
{
    /// <summary>How much earlier than asked a timer may fire.</summary>
    private static readonly TimeSpan TimerSlack = TimeSpan.FromMilliseconds(5);

    /// <summary>What callers do with a call; its state object is the call.</summary>
    public static readonly CallHandlers Handlers = new(
        static call => ((ClientCall)call).ResponseHeadersAsync(),
        static call => ((ClientCall)call).Ended()._status!.Value,
        static call => ((ClientCall)call).Ended()._trailers,
        static call => ((ClientCall)call).Abandon(Disposed));

    private static readonly Status Cancelled = new(StatusCode.Cancelled, "Call canceled by the client.");
    private static readonly Status Disposed = new(StatusCode.Cancelled, "The call was disposed before it ended.");
    private static readonly Status DeadlinePassed = new(StatusCode.DeadlineExceeded, "The deadline has passed.");
    private static readonly Status ChannelDisposed = new(StatusCode.Unavailable, "The channel was disposed.");

    /// <summary>Left by the last call that ended here, since a new one is dear; a call that begins takes it.</summary>
    [ThreadStatic]
    private static CancellationTokenSource? _spare;

    private readonly GrpcChannel _channel;
    private readonly IMethod _method;
    private readonly string? _host;
    private readonly CallOptions _options;
    private readonly DateTime _deadline;
    private readonly CancellationTokenSource _cancellation;
    private readonly CancellationTokenRegistration _byCaller;
    private readonly CancellationTokenRegistration _byParent;
    private readonly CancellationTokenRegistration _byChannel;
    private readonly Activity? _activity;
    private readonly long _started;
    private ITimer? _deadlineTimer;
    private HttpResponseMessage? _response;
    private TaskCompletionSource<Metadata>? _headers;
    private Task? _result;
    private Status? _status;
    private Metadata _trailers = Metadata.Empty;

    /// <exception cref="InvalidOperationException">The deadline isn't in UTC.</exception>
    public ClientCall(GrpcChannel channel, IMethod method, string? host, CallOptions options)
    {
        if (options.Deadline is { Kind: not DateTimeKind.Utc } local && local != DateTime.MaxValue && local != DateTime.MinValue)
        {
            throw new InvalidOperationException($"The deadline must be in UTC; its kind is {local.Kind}.");
        }

        _channel = channel;
        _method = method;
        _host = host;
        _options = options;
        _started = CallTelemetry.StartClock(channel.Time);
        _activity = CallTelemetry.StartClient(channel, method);
        (_cancellation, _spare) = (_spare ?? new CancellationTokenSource(), null);
        Token = _cancellation.Token;
        _deadline = EarlierOf(options.Deadline ?? DateTime.MaxValue, options.PropagationToken?.Deadline ?? DateTime.MaxValue);
        _byCaller = options.CancellationToken.UnsafeRegister(static call => ((ClientCall)call!).CancelByCaller(), this);
        _byParent = (options.PropagationToken?.CancellationToken ?? default).UnsafeRegister(static call => ((ClientCall)call!).CancelByCaller(), this);
        _byChannel = channel.Shutdown.UnsafeRegister(static call => ((ClientCall)call!).Abandon(ChannelDisposed), this);
        StartDeadline();
        if (_status is not null)
        {
            // Ended before all that could end it was in place.
            LetGo();
        }
    }

    /// <summary>Fires when the call has ended, unless all of it went well and nothing can be under way any more.</summary>
    public CancellationToken Token { get; }

    public int? MaxSendMessageSize => _channel.Options.MaxSendMessageSize;

    public bool IsRequestCompressed => _options.Headers?.GetValue(HeaderNames.RequestEncodingChoice) == HeaderNames.Gzip;

    public WriteOptions? WriteOptions => _options.WriteOptions;

    /// <summary>Null until the call has ended.</summary>
    public Status? Status => _status;

    /// <summary>Whoever abandons a call never looks at this task; its failure must not count as unobserved.</summary>
    public Task<T> Observed<T>(Task<T> task)
    {
        lock (this)
        {
            _result = task;
            if (_status is { StatusCode: not StatusCode.OK })
            {
                ObserveResult();
            }
        }

        return task;
    }

    /// <summary>Sends the request and waits for the response headers.</summary>
    /// <param name="content">The body, or null when the call has ended for want of it.</param>
    /// <returns>The messages, or null when the call has ended with OK and without any.</returns>
    /// <exception cref="RpcException">The call has ended, and not with OK.</exception>
    public async Task<MessageStream?> SendAsync(HttpContent? content)
    {
        try
        {
            return MessagesOf(await StartAsync(content).ConfigureAwait(false));
        }
        catch (Exception exception)
        {
            throw Fail(exception);
        }
    }

    /// <summary>Sends the request and waits for the only message of the response.</summary>
    /// <param name="content">The body, or null when the call has ended for want of it.</param>
    /// <param name="marshaller">Of the message.</param>
    /// <exception cref="RpcException">The call has ended, and not with OK.</exception>
    public async Task<TResponse> SendAsync<TResponse>(HttpContent? content, Marshaller<TResponse> marshaller)
        where TResponse : class
    {
        try
        {
            TResponse? message = null;
            if (MessagesOf(await StartAsync(content).ConfigureAwait(false)) is { } messages)
            {
                message = await messages.ReadSingleAsync(marshaller, Token).ConfigureAwait(false);
                FinishWithTrailers();
            }

            if (message is null)
            {
                throw MessageDecoder.WrongCount("The server answered no message.");
            }

            SpareCancellation();
            return message;
        }
        catch (Exception exception)
        {
            throw Fail(exception);
        }
    }

    /// <summary>Takes the status at the end of the response.</summary>
    /// <exception cref="RpcException">The status isn't OK.</exception>
    public void FinishWithTrailers()
    {
        var (status, trailers) = ResponseHead.EndOf(_response!);
        Finish(status, trailers);
        if (_status!.Value.StatusCode != StatusCode.OK)
        {
            throw Failure();
        }
    }

    /// <summary>Ends the call because of an exception; returns what its caller gets to see.</summary>
    public Exception Fail(Exception exception)
    {
        var status = (exception as RpcException)?.Status ?? StatusMapping.FromException(exception);
        if (status.StatusCode == StatusCode.Cancelled && exception is not RpcException && _deadline - _channel.Time.GetUtcNow().UtcDateTime < TimerSlack)
        {
            // The server's timer was faster than ours, and all it could do was to reset the call.
            status = DeadlinePassed;
        }

        Finish(status, (exception as RpcException)?.Trailers ?? Metadata.Empty, countsOverOk: true);
        return Failure();
    }

    /// <summary>The exception for the status of the ended call.</summary>
    public Exception Failure()
    {
        var status = _status!.Value;
        return _channel.Options.ThrowOperationCanceledOnCancellation && (status == Cancelled || status == Disposed || status == DeadlinePassed)
            ? new OperationCanceledException(status.Detail, _options.CancellationToken)
            : new RpcException(status, _trailers);
    }

    public void CancelByCaller() => Abandon(Cancelled);

    private static DateTime EarlierOf(DateTime first, DateTime second) => first < second ? first : second;

    /// <summary>Ends the call before its server does.</summary>
    private void Abandon(Status status) => Finish(status, Metadata.Empty);

    private void StartDeadline()
    {
        if (_deadline == DateTime.MaxValue)
        {
            return;
        }

        var remaining = _deadline - _channel.Time.GetUtcNow().UtcDateTime;
        if (remaining <= TimeSpan.Zero)
        {
            Abandon(DeadlinePassed);
        }
        else if (remaining <= GrpcTimeout.MaxTimer)
        {
            _deadlineTimer = _channel.Time.CreateTimer(static call => ((ClientCall)call!).Abandon(DeadlinePassed), this, remaining, Timeout.InfiniteTimeSpan);
        }
    }

    private Task<HttpResponseMessage> StartAsync(HttpContent? content)
    {
        if (_activity is not null)
        {
            Activity.Current = _activity;
        }

        if (_status is not null || content is null)
        {
            throw Failure();
        }

        var attempts = CallAttempts.Of(_channel, _method, _options, content);
        return attempts is null ? SendOnceAsync(content, 0) : SendOftenAsync(content, attempts);
    }

    private Task<HttpResponseMessage> SendOftenAsync(HttpContent content, CallAttempts attempts) =>
        attempts.SendAsync(previous => SendOnceAsync(content, previous), Token);

    private Task<HttpResponseMessage> SendOnceAsync(HttpContent content, int previousAttempts)
    {
        var timeout = _deadline == DateTime.MaxValue ? (TimeSpan?)null : _deadline - _channel.Time.GetUtcNow().UtcDateTime;
        var request = RequestHead.Create(_channel.AddressOf(_method), _host, timeout, content, IsRequestCompressed);
        if (previousAttempts > 0)
        {
            request.Headers.TryAddWithoutValidation(HeaderNames.PreviousAttempts, previousAttempts.ToString(CultureInfo.InvariantCulture));
        }

        if (_options.Headers is { Count: > 0 } headers)
        {
            MetadataHeaders.Write(headers, request.Headers);
        }

        var (ofChannel, ofCall) = (_channel.Options.Credentials?.CallCredentials, _options.Credentials);
        return ofChannel is null && ofCall is null ? _channel.SendAsync(request, Token) : SendAsync(request, [ofChannel, ofCall]);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CallCredentials?[] credentials)
    {
        foreach (var given in credentials.OfType<CallCredentials>())
        {
            await RequestHead.AddCredentialsAsync(request, given, _channel, _method, Token).ConfigureAwait(false);
        }

        return await _channel.SendAsync(request, Token).ConfigureAwait(false);
    }

    /// <summary>Takes the response headers; null when they are all there is.</summary>
    private MessageStream? MessagesOf(HttpResponseMessage response)
    {
        lock (this)
        {
            if (_status is not null)
            {
                response.Dispose();
                throw Failure();
            }

            _response = response;
            SettleHeaders();
        }

        Token.ThrowIfCancellationRequested();
        if (ResponseHead.StatusOf(response) is { } status)
        {
            Finish(status, MetadataHeaders.Read(response.Headers, leavesOutUnreadable: true));
            return status.StatusCode == StatusCode.OK ? null : throw Failure();
        }

        // The transport has the stream at hand; asking for it by a task would only cost one.
        return new MessageStream(response.Content.ReadAsStream(), new MessageDecoder(_channel.Options.MaxReceiveMessageSize, ResponseHead.EncodingOf(response)));
    }

    private void Finish(Status status, Metadata trailers, bool countsOverOk = false)
    {
        bool isFirst;
        lock (this)
        {
            if (_status is { } earlier && !(countsOverOk && earlier.StatusCode == StatusCode.OK))
            {
                return;
            }

            isFirst = _status is null;
            _status = status;
            _trailers = trailers;
            if (_response is null && _headers is not null)
            {
                FailHeaders(Failure());
            }

            if (status.StatusCode != StatusCode.OK)
            {
                ObserveResult();
            }
        }

        if (isFirst)
        {
            CallTelemetry.EndClient(_channel, _method, status.StatusCode, _started, _activity);
        }

        LetGo();
        _response?.Dispose();
        if (status.StatusCode != StatusCode.OK || _method.Type is not (MethodType.Unary or MethodType.ServerStreaming))
        {
            // Else all has been sent and read, and nobody is left to tell.
            // What others registered may throw, and this may be a timer's thread: it must not end the process.
            _ = _cancellation.CancelAsync();
        }
    }

    // Only now, because a continuation on every call would be dear.
    private void ObserveResult() => _result?.ContinueWith(
        static failed => _ = failed.Exception, CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>For after the call has gone well, when nothing can cancel it any more; not if others may have kept its token.</summary>
    private void SpareCancellation()
    {
        if (_channel.Options is { HttpHandler: null, Credentials: null } && _options.Credentials is null && _method.Type is MethodType.Unary && _cancellation.TryReset())
        {
            _spare = _cancellation;
        }
    }

    private void LetGo()
    {
        _deadlineTimer?.Dispose();

        // Not Dispose: that would wait for a callback that may be what ended the call.
        _byCaller.Unregister();
        _byParent.Unregister();
        _byChannel.Unregister();
    }

    private Task<Metadata> ResponseHeadersAsync()
    {
        lock (this)
        {
            if (_headers is null)
            {
                _headers = new TaskCompletionSource<Metadata>(TaskCreationOptions.RunContinuationsAsynchronously);
                if (_response is not null)
                {
                    SettleHeaders();
                }
                else if (_status is not null)
                {
                    FailHeaders(Failure());
                }
            }

            return _headers.Task;
        }
    }

    /// <summary>Headers that can't be read fail whoever asks for them, not the call.</summary>
    private void SettleHeaders()
    {
        try
        {
            _headers?.TrySetResult(MetadataHeaders.Read(_response!.Headers));
        }
        catch (RpcException exception)
        {
            FailHeaders(exception);
        }
    }

    private void FailHeaders(Exception exception)
    {
        _headers!.TrySetException(exception);

        // Looked at, so that it doesn't count as unobserved when nobody else does.
        _ = _headers.Task.Exception;
    }

    private ClientCall Ended() => _status is null ? throw new InvalidOperationException("The call hasn't ended yet.") : this;
}
