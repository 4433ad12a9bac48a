using System.Runtime.CompilerServices;
using Grpc.Core;

namespace CustomerInsights.TestKit.Sidecar.Proxying;

/// <summary>What the caller sends. To be sent again it may be one message only.</summary>
internal sealed class RequestSource(IAsyncStreamReader<byte[]> requests)
{
    private static readonly Status RetriesOnStream = new(StatusCode.FailedPrecondition, "cannot use resiliency policies with retries on streaming RPCs");

    private byte[]? _first;
    private Task<bool>? _next;

    public bool IsReplayed { get; init; }

    /// <summary>Why the call cannot go on, because of what the caller sent; null for no reason.</summary>
    public RpcException? Failure { get; private set; }

    /// <exception cref="RpcException">The caller sends what cannot be passed on.</exception>
    public async IAsyncEnumerable<byte[]> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (IsReplayed && _first is not null)
        {
            yield return _first;
        }

        while (await ReadNextAsync(cancellationToken))
        {
            if (IsReplayed && _first is not null)
            {
                Failure = new RpcException(RetriesOnStream);
                throw Failure;
            }

            _first ??= requests.Current;
            yield return requests.Current;
        }
    }

    private async Task<bool> ReadNextAsync(CancellationToken cancellationToken)
    {
        // A read that an earlier attempt began is still the next one.
        _next ??= requests.MoveNext(CancellationToken.None);
        try
        {
            var any = await _next.WaitAsync(cancellationToken);
            _next = any ? null : _next;
            return any;
        }
        catch (RpcException exception)
        {
            Failure = exception;
            throw;
        }
    }
}
