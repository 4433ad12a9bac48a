using Grpc.Core;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>A stream whose first message was read already.</summary>
internal sealed class ReopenedStream<T>(T first, IAsyncStreamReader<T> rest) : IAsyncStreamReader<T>
    where T : class
{
    private T? _first = first;
    private bool _atFirst;

    public T Current => _atFirst ? _first! : rest.Current;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (_first is not null && !_atFirst)
        {
            _atFirst = true;
            return Task.FromResult(true);
        }

        (_atFirst, _first) = (false, null);
        return rest.MoveNext(cancellationToken);
    }
}
