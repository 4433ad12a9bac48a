using System.Diagnostics.CodeAnalysis;
using CustomerInsights.Rpc.Wire;
using Grpc.Core;
using Grpc.Net.Client;

namespace CustomerInsights.Rpc.Calling;

/// <summary>One call of a client, from its request headers to its status.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "Its cancellation source has no timer; Finish releases the rest, because callers needn't dispose calls that ended.")]
internal sealed class ClientCall
{
    /// <summary>The longest time a timer takes. No connection lives that long.</summary>
    private static readonly TimeSpan MaxTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly GrpcChannel _channel;
    private readonly IMethod _method;
    private readonly string? _host;
    private readonly CallOptions _options;
    private readonly DateTime _deadline;
    private readonly CancellationTokenSource _cancellation = new();
    private readonly CancellationTokenRegistration _byCaller;
    private readonly CancellationTokenRegistration _byParent;
    private readonly CancellationTokenRegistration _byChannel;
    private readonly Lock _gate = new();
    private ITimer? _deadlineTimer;
    private Abandonment _abandonment;
    private HttpResponseMessage? _response;
    private TaskCompletionSource<Metadata>? _headers;
    private Status? _status;
    private Metadata _trailers = Metadata.Empty;

    public ClientCall(GrpcChannel channel, IMethod method, string? host, CallOptions options)
    {
        _channel = channel;
        _method = method;
        _host = host;
        _options = options;
        Token = _cancellation.Token;
        _deadline = EarlierOf(options.Deadline ?? DateTime.MaxValue, options.PropagationToken?.Deadline ?? DateTime.MaxValue);
        StartDeadline();
        _byCaller = options.CancellationToken.UnsafeRegister(static call => ((ClientCall)call!).CancelByCaller(), this);
        _byParent = (options.PropagationToken?.CancellationToken ?? default).UnsafeRegister(static call => ((ClientCall)call!).CancelByCaller(), this);
        _byChannel = channel.Shutdown.UnsafeRegister(static call => ((ClientCall)call!).CancelByChannel(), this);
    }

    /// <summary>Fires when the call has ended, however it did.</summary>
    public CancellationToken Token { get; }

    public int? MaxSendMessageSize => _channel.Options.MaxSendMessageSize;

    public bool IsRequestCompressed => RequestContent.IsCompressed(_options);

    public WriteOptions? WriteOptions => _options.WriteOptions;

    public CallHandle Handle => new(
        static state => ((ClientCall)state).ResponseHeadersAsync(),
        static state => ((ClientCall)state).Ended()._status!.Value,
        static state => ((ClientCall)state).Ended()._trailers,
        static state => ((ClientCall)state).Dispose(),
        this);

    /// <summary>Null until the call has ended.</summary>
    public Status? Status => _status;

    /// <summary>Sends the request and waits for the response headers.</summary>
    /// <returns>The messages, or null when the call has ended with OK and without any.</returns>
    /// <exception cref="RpcException">The call has ended, and not with OK.</exception>
    public async Task<MessageStream?> SendAsync(HttpContent content)
    {
        try
        {
            Token.ThrowIfCancellationRequested();
            var response = await _channel.SendAsync(await CreateRequestAsync(content), Token);
            lock (_gate)
            {
                _response = response;
                SettleHeaders();
            }

            Token.ThrowIfCancellationRequested();
            if (ResponseHead.StatusOf(response) is { } status)
            {
                Finish(status, MetadataHeaders.Read(response.Headers));
                return status.StatusCode == StatusCode.OK ? null : throw Failure();
            }

            var decoder = new MessageDecoder(_channel.Options.MaxReceiveMessageSize, ResponseHead.EncodingOf(response));
            return new MessageStream(await response.Content.ReadAsStreamAsync(Token), decoder);
        }
        catch (Exception exception)
        {
            throw Fail(exception);
        }
    }

    /// <summary>The only message of the response.</summary>
    /// <exception cref="RpcException">The call has ended, and not with OK.</exception>
    public async Task<TResponse> ReadSingleAsync<TResponse>(Task<MessageStream?> sending, Marshaller<TResponse> marshaller)
        where TResponse : class
    {
        try
        {
            TResponse? message = null;
            if (await sending is { } messages)
            {
                message = await messages.ReadAsync(marshaller, Token);
                if (message is not null && await messages.ReadAsync(marshaller, Token) is not null)
                {
                    throw MessageDecoder.WrongCount("The server answered more than one message.");
                }

                FinishWithTrailers();
            }

            return message ?? throw MessageDecoder.WrongCount("The server answered no message.");
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
        Finish(ResponseHead.StatusIn(_response!.TrailingHeaders) ?? new Status(StatusCode.Unknown, "The response has no gRPC status."), MetadataHeaders.Read(_response.TrailingHeaders));
        if (_status!.Value.StatusCode != StatusCode.OK)
        {
            throw Failure();
        }
    }

    /// <summary>Ends the call because of an exception; returns what its caller gets to see.</summary>
    public Exception Fail(Exception exception)
    {
        var status = StatusOf(_abandonment) ?? (exception as RpcException)?.Status ?? StatusMapping.FromException(exception);
        Finish(status, (exception as RpcException)?.Trailers ?? Metadata.Empty, countsOverOk: true);
        _response?.Dispose();
        return Failure();
    }

    /// <summary>The exception for the status of the ended call.</summary>
    public Exception Failure()
    {
        var status = _status!.Value;
        return _channel.Options.ThrowOperationCanceledOnCancellation && status.StatusCode == StatusCode.Cancelled && _options.CancellationToken.IsCancellationRequested
            ? new OperationCanceledException(status.Detail, _options.CancellationToken)
            : new RpcException(status, _trailers);
    }

    public void CancelByCaller() => Abandon(Abandonment.Cancelled);

    private static Status? StatusOf(Abandonment abandonment) => abandonment switch
    {
        Abandonment.Cancelled => new Status(StatusCode.Cancelled, "Call canceled by the client."),
        Abandonment.Disposed => new Status(StatusCode.Cancelled, "The call was disposed before it ended."),
        Abandonment.DeadlinePassed => new Status(StatusCode.DeadlineExceeded, "The deadline has passed."),
        Abandonment.ChannelDisposed => new Status(StatusCode.Unavailable, "The channel was disposed."),
        _ => null,
    };

    private static DateTime EarlierOf(DateTime first, DateTime second) => first < second ? first : second;

    private void Dispose()
    {
        // Nobody may read any more, so nothing else would end the call and release what it holds.
        Abandon(Abandonment.Disposed);
        Finish(StatusOf(_abandonment) ?? global::Grpc.Core.Status.DefaultCancelled, Metadata.Empty);
    }

    private void Abandon(Abandonment abandonment)
    {
        lock (_gate)
        {
            if (_status is not null || _abandonment != Abandonment.None)
            {
                return;
            }

            _abandonment = abandonment;
        }

        _cancellation.Cancel();
    }

    private void StartDeadline()
    {
        if (_deadline == DateTime.MaxValue)
        {
            return;
        }

        var remaining = _deadline - _channel.Time.GetUtcNow().UtcDateTime;
        if (remaining <= TimeSpan.Zero)
        {
            PassDeadline();
        }
        else if (remaining <= MaxTimer)
        {
            _deadlineTimer = _channel.Time.CreateTimer(static call => ((ClientCall)call!).PassDeadline(), this, remaining, Timeout.InfiniteTimeSpan);
        }
    }

    private void PassDeadline() => Abandon(Abandonment.DeadlinePassed);

    private void CancelByChannel() => Abandon(Abandonment.ChannelDisposed);

    private async ValueTask<HttpRequestMessage> CreateRequestAsync(HttpContent content)
    {
        var timeout = _deadline == DateTime.MaxValue ? (TimeSpan?)null : _deadline - _channel.Time.GetUtcNow().UtcDateTime;
        var request = RequestHead.Create(_channel.AddressOf(_method), _host, timeout, content, IsRequestCompressed);
        if (_options.Headers is { Count: > 0 } headers)
        {
            MetadataHeaders.Write(headers, request.Headers);
        }

        if (_channel.Options.Credentials?.CallCredentials is { } ofChannel)
        {
            await RequestHead.AddCredentialsAsync(request, ofChannel, _channel, _method, Token);
        }

        if (_options.Credentials is { } ofCall)
        {
            await RequestHead.AddCredentialsAsync(request, ofCall, _channel, _method, Token);
        }

        return request;
    }

    private void Finish(Status status, Metadata trailers, bool countsOverOk = false)
    {
        lock (_gate)
        {
            if (_status is { } earlier && !(countsOverOk && earlier.StatusCode == StatusCode.OK))
            {
                return;
            }

            _status = status;
            _trailers = trailers;
            if (_response is null)
            {
                _headers?.TrySetException(Failure());
            }
        }

        _deadlineTimer?.Dispose();

        // Not Dispose: that would wait for a callback that may be what ended the call.
        _byCaller.Unregister();
        _byParent.Unregister();
        _byChannel.Unregister();
        _cancellation.Cancel();
        _response?.Dispose();
    }

    private Task<Metadata> ResponseHeadersAsync()
    {
        lock (_gate)
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
                    _headers.SetException(Failure());
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
            _headers?.TrySetException(exception);
        }
    }

    private ClientCall Ended() => _status is null ? throw new InvalidOperationException("The call hasn't ended yet.") : this;

    /// <summary>Why a call ends before its server ended it.</summary>
    private enum Abandonment
    {
        None,
        Cancelled,
        Disposed,
        DeadlinePassed,
        ChannelDisposed,
    }
}
