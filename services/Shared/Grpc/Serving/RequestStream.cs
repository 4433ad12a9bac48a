namespace CustomerInsights.Rpc.Serving;

/// <summary>The messages of a client stream.</summary>
internal sealed class RequestStream<TRequest>(ServerCall call, MessageReader reader, Marshaller<TRequest> marshaller) : IAsyncStreamReader<TRequest>
    where TRequest : class
{
    private TRequest? _current;

    public TRequest Current => _current ?? throw new InvalidOperationException("There is no message: MoveNext wasn't called, or found the end.");

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        var read = cancellationToken.CanBeCanceled
            ? ReadWithTokenAsync(cancellationToken)
            : reader.ReadAsync(marshaller, call.ReadToken);
        return read.IsCompletedSuccessfully ? Task.FromResult(Take(read.GetAwaiter().GetResult())) : Await(read);
    }

    private async Task<bool> Await(ValueTask<TRequest?> read)
    {
        try
        {
            return Take(await read);
        }
        catch (ClientGoneException)
        {
            throw await call.GoneAsync();
        }
    }

    private async ValueTask<TRequest?> ReadWithTokenAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken == call.CancellationToken)
        {
            return await reader.ReadAsync(marshaller, cancellationToken);
        }

        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, call.ReadToken);
        return await reader.ReadAsync(marshaller, linked.Token);
    }

    private bool Take(TRequest? message)
    {
        _current = message;
        return message is not null;
    }
}
