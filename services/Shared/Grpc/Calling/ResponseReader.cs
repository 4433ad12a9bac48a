namespace CustomerInsights.Rpc.Calling;

/// <summary>The messages that a server streams. What isn't read stays in the transport's bounded buffers and holds the server back.</summary>
internal sealed class ResponseReader<TResponse>(ClientCall call, Task<MessageStream?> sending, Marshaller<TResponse> marshaller) : IAsyncStreamReader<TResponse>
    where TResponse : class
{
    private MessageStream? _messages;
    private TResponse? _current;
    private int _isReading;

    public TResponse Current => _current ?? throw new InvalidOperationException("There is no message: MoveNext wasn't called, or found the end.");

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isReading, 1) != 0)
        {
            return Task.FromException<bool>(new InvalidOperationException("The next message is being waited for already."));
        }

        try
        {
            if (cancellationToken.IsCancellationRequested)
            {
                call.CancelByCaller();
            }

            // Messages often come many at a time; only the first of them waits.
            if (_messages is not null && call.Status is null && !call.Token.IsCancellationRequested && _messages.TryTake(marshaller, out _current))
            {
                Volatile.Write(ref _isReading, 0);
                return Task.FromResult(true);
            }
        }
        catch (Exception exception)
        {
            Volatile.Write(ref _isReading, 0);
            return Task.FromException<bool>(call.Fail(exception));
        }

        return ReadAsync(cancellationToken);
    }

    private async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            _current = null;
            if (call.Status is { } status)
            {
                return status.StatusCode == StatusCode.OK ? false : throw call.Failure();
            }

            await using var registration = cancellationToken.UnsafeRegister(static call => ((ClientCall)call!).CancelByCaller(), call).ConfigureAwait(false);
            _messages ??= await sending.ConfigureAwait(false);
            if (_messages is null)
            {
                return false;
            }

            call.Token.ThrowIfCancellationRequested();
            _current = await _messages.ReadAsync(marshaller, call.Token).ConfigureAwait(false);
            if (_current is null)
            {
                call.FinishWithTrailers();
            }

            return _current is not null;
        }
        catch (Exception exception)
        {
            throw call.Fail(exception);
        }
        finally
        {
            Volatile.Write(ref _isReading, 0);
        }
    }
}
