namespace CustomerInsights.TestKit.Sidecar;

/// <summary>A sidecar that a test has started, whichever it is.</summary>
public interface IRunningSidecar : IAsyncDisposable
{
    Uri HttpAddress { get; }

    Uri GrpcAddress { get; }

    /// <summary>Ends it as SIGTERM does.</summary>
    Task StopAsync(CancellationToken cancellationToken = default);

    /// <summary>Ends it as SIGKILL does.</summary>
    Task KillAsync(CancellationToken cancellationToken = default);
}
