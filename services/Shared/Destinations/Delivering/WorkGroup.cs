using System.Runtime.ExceptionServices;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>Tasks that stand and fall together: when one fails, the others are told to stop, and the first failure is the one that is seen.</summary>
internal sealed class WorkGroup : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly List<Task> _tasks = [];
    private Exception? _first;

    public WorkGroup(CancellationToken cancellationToken) => _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

    /// <summary>Fires when a task fails, or the token of the group does.</summary>
    public CancellationToken Token => _source.Token;

    public void Start(Func<CancellationToken, Task> work) => _tasks.Add(RunAsync(work));

    public async Task WhenAllAsync()
    {
        try
        {
            await Task.WhenAll(_tasks);
        }
        catch when (_first is not null)
        {
            ExceptionDispatchInfo.Throw(_first);
        }
    }

    public void Dispose() => _source.Dispose();

    private async Task RunAsync(Func<CancellationToken, Task> work)
    {
        try
        {
            await Task.Yield();
            await work(Token);
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref _first, exception, null);
            await _source.CancelAsync();
            throw;
        }
    }
}
