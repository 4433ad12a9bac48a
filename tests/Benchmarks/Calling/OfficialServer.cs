using System.Diagnostics;
using System.Globalization;
using CustomerInsights.Quickstart.Starting;

namespace CustomerInsights.Benchmarks.Calling;

/// <summary>The official JavaScript implementation serving the same methods; eng/node.sh install brings it.</summary>
internal sealed class OfficialServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    private OfficialServer(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    public static async Task<OfficialServer> StartAsync(CancellationToken cancellationToken)
    {
        var script = Path.Combine(Repository.Root, "tests", "Conformance", "Benchmarking", "server.mjs");
        var process = Process.Start(new ProcessStartInfo("node", [script]) { RedirectStandardOutput = true, RedirectStandardInput = true })
            ?? throw new InvalidOperationException("node did not start.");
        var port = await process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(Patience, cancellationToken)
            ?? throw new InvalidOperationException("The official server ended at once. Run eng/node.sh install first.");
        return new OfficialServer(process, new Uri($"http://127.0.0.1:{int.Parse(port, CultureInfo.InvariantCulture)}"));
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
