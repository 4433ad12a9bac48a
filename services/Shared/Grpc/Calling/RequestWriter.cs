using System.IO.Compression;
using System.IO.Pipelines;

namespace CustomerInsights.Rpc.Calling;

/// <summary>The messages that a client streams. A write waits when more than a bounded buffer is not sent yet.</summary>
internal sealed class RequestWriter<TRequest> : IClientStreamWriter<TRequest>
    where TRequest : class
{
    private const int BufferSize = 64 * 1024;
    private const int SegmentSize = 16 * 1024;

    private readonly Pipe _pipe = new(new PipeOptions(
        pauseWriterThreshold: BufferSize, resumeWriterThreshold: BufferSize / 2, minimumSegmentSize: SegmentSize, useSynchronizationContext: false));

    private readonly ClientCall _call;
    private readonly Marshaller<TRequest> _marshaller;
    private readonly MessageEncoder _encoder;
    private readonly CompressionLevel? _compression;
    private Task? _pending;
    private readonly Lock _gate = new();
    private bool _isComplete;

    public RequestWriter(ClientCall call, Marshaller<TRequest> marshaller)
    {
        _call = call;
        _marshaller = marshaller;
        _encoder = new MessageEncoder(_pipe.Writer, call.MaxSendMessageSize);
        _compression = call.IsRequestCompressed ? CompressionLevel.Fastest : null;
        WriteOptions = call.WriteOptions;
        Content = new StreamingContent(_pipe.Reader, call.Token);
    }

    public StreamingContent Content { get; }

    public WriteOptions? WriteOptions { get; set; }

    /// <summary>The response of a call that has only one; ends soon after the server did.</summary>
    public Task? Response { get; set; }

    public Task WriteAsync(TRequest message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (cancellationToken.IsCancellationRequested)
        {
            _call.CancelByCaller();
        }

        // Two writes at once are the caller's mistake, which must cost one of them and not the stream.
        lock (_gate)
        {
            return Write(message, cancellationToken);
        }
    }

    public Task CompleteAsync()
    {
        lock (_gate)
        {
            _isComplete = true;
            if (_encoder.IsBroken)
            {
                // The server must not take what it has for all there is.
                _call.Fail(new RpcException(new Status(StatusCode.Internal, "A message was left half written.")));
            }

            return _pipe.Writer.CompleteAsync().AsTask();
        }
    }

    private Task Write(TRequest message, CancellationToken cancellationToken)
    {
        if (_isComplete || _pending is { IsCompleted: false } || _encoder.IsBroken)
        {
            return Task.FromException(new InvalidOperationException("The stream is completed or broken, or the previous message is still being written."));
        }

        if (_call.Token.IsCancellationRequested)
        {
            return FailAsync();
        }

        var flags = WriteOptions?.Flags ?? WriteFlags.None;
        _encoder.Compression = flags.HasFlag(WriteFlags.NoCompress) ? null : _compression;
        _encoder.Write(_marshaller, message);
        if (flags.HasFlag(WriteFlags.BufferHint))
        {
            return Task.CompletedTask;
        }

        try
        {
            var flush = _pipe.Writer.FlushAsync(_call.Token);
            if (flush.IsCompletedSuccessfully)
            {
                return flush.GetAwaiter().GetResult().IsCompleted ? FailAsync() : Task.CompletedTask;
            }

            return _pending = AwaitAsync(flush, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The call has ended since it was looked at; the pipe says so by throwing, even from a flush that is through.
            return FailAsync();
        }
    }

    private async Task AwaitAsync(ValueTask<FlushResult> flush, CancellationToken cancellationToken)
    {
        await using var registration = cancellationToken.UnsafeRegister(static call => ((ClientCall)call!).CancelByCaller(), _call).ConfigureAwait(false);
        FlushResult result;
        try
        {
            result = await flush.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_call.Token.IsCancellationRequested)
        {
            result = new FlushResult(isCanceled: true, isCompleted: true);
        }

        if (result.IsCompleted)
        {
            await FailAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The server ended the call before all messages were sent: says how, as far as that is known.</summary>
    private async Task FailAsync()
    {
        if (Response is not null)
        {
            await Response.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        throw _call.Status switch
        {
            { StatusCode: StatusCode.OK } => new InvalidOperationException("The server has ended the call; it takes no more messages."),
            not null => _call.Failure(),
            null => new RpcException(new Status(StatusCode.Cancelled, "The call is ending; the response says how.")),
        };
    }
}
