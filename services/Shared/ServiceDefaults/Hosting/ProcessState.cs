namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>Whether the process takes calls. Goes from starting to serving to stopping, never back.</summary>
internal sealed class ProcessState
{
    private volatile int _stage;

    private enum Stage
    {
        Starting,
        Serving,
        Stopping,
    }

    public bool IsServing => _stage == (int)Stage.Serving;

    public void Serving() => Interlocked.CompareExchange(ref _stage, (int)Stage.Serving, (int)Stage.Starting);

    public void Stopping() => _stage = (int)Stage.Stopping;
}
