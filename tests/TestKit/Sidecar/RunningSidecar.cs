using CustomerInsights.TestKit.Sidecar.Daprd;

namespace CustomerInsights.TestKit.Sidecar;

/// <summary>Starts what the run of the tests asks for: the stand-in, or the real daprd (./test.sh --daprd PATH).</summary>
public static class RunningSidecar
{
    /// <summary>Whether tests that use nothing but what both have run against the real one.</summary>
    public static bool IsDaprd => TestServers.Daprd is not null;

    public static async Task<IRunningSidecar> StartAsync(SidecarOptions options, CancellationToken cancellationToken = default) =>
        TestServers.Daprd is { } path
            ? await DaprdProcess.StartAsync(path, options, cancellationToken)
            : await SidecarStandIn.StartAsync(options, cancellationToken);

    /// <summary>
    /// A component that several sidecars can share: in memory, or for daprd, whose own in-memory component reaches one sidecar only, a
    /// virtual host of its own on the test's RabbitMQ.
    /// </summary>
    public static async Task<SidecarComponent> CreateComponentAsync(CancellationToken cancellationToken = default) =>
        IsDaprd ? await PrivateVirtualHost.CreateComponentAsync(cancellationToken) : new SidecarComponent();
}
