using CustomerInsights.ServiceDefaults.Errors;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Wire = CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Segments.Streaming;

/// <summary>
/// Bounds the membership streams of this process: each holds a connection and a snapshot of the database for as long as its
/// reader takes.
/// </summary>
internal sealed class OpenStreams(IOptions<SegmentsOptions> options, TimeProvider time)
{
    private int _open;

    /// <summary>A place for one stream, free again when disposed of; or the refusal when all are taken.</summary>
    public Result<IDisposable> Enter()
    {
        if (Interlocked.Increment(ref _open) <= options.Value.MaxStreams)
        {
            return new Place(this);
        }

        Interlocked.Decrement(ref _open);
        return new Refusal(
            RefusalKind.ResourceExhausted, $"{options.Value.MaxStreams} membership streams are open already, as many as this process allows. Try again later.") { Reason = "TOO_MANY_STREAMS" };
    }

    /// <summary>Sends the pages one after another; a reader that takes nothing in for too long sees the stream reset.</summary>
    public async Task SendAsync(IAsyncEnumerable<Wire.MembershipPage> pages, IServerStreamWriter<Wire.MembershipPage> reader, CancellationToken cancellationToken)
    {
        await foreach (var page in pages.WithCancellation(cancellationToken))
        {
            using var patience = new CancellationTokenSource(options.Value.StreamPatience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            try
            {
                await reader.WriteAsync(page, either.Token);
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                // The transport has reset the stream: a status would wait behind the pages that nobody takes.
                throw new Refusal(RefusalKind.ResourceExhausted, $"Nothing was read from the stream for {options.Value.StreamPatience}.") { Reason = "STREAM_NOT_READ" }.ToRpcException();
            }
        }
    }

    private sealed class Place(OpenStreams all) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                Interlocked.Decrement(ref all._open);
            }
        }
    }
}
