using System.IO.Pipelines;
using System.Net;

namespace CustomerInsights.Rpc.Calling;

/// <summary>
/// A request body that grows while it is sent. Messages that pile up while the network is busy leave together; none waits for the next.
/// </summary>
internal sealed class StreamingContent : HttpContent
{
    private readonly PipeReader _messages;
    private readonly CancellationToken _callEnded;
    private bool _hasStarted;

    public StreamingContent(PipeReader messages, CancellationToken callEnded)
    {
        _messages = messages;
        _callEnded = callEnded;
        RequestContent.SetContentType(Headers);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_hasStarted)
        {
            throw new IOException("A request stream can't be sent again.");
        }

        _hasStarted = true;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _callEnded);
        try
        {
            // The request headers must not wait for the first message.
            await stream.FlushAsync(either.Token).ConfigureAwait(false);
            while (true)
            {
                var read = await _messages.ReadAsync(either.Token).ConfigureAwait(false);
                foreach (var segment in read.Buffer)
                {
                    await stream.WriteAsync(segment, either.Token).ConfigureAwait(false);
                }

                _messages.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }

                await stream.FlushAsync(either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!_callEnded.IsCancellationRequested)
        {
            // The transport takes no more because the server has answered or reset the stream; that tells how the call ended, this doesn't.
        }
        finally
        {
            await _messages.CompleteAsync().ConfigureAwait(false);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
