using CustomerInsights.Conformance.Cases;
using CustomerInsights.Conformance.Peers;
using CustomerInsights.Rpc.Tests.Interop;

namespace CustomerInsights.Conformance.Serving;

/// <summary>The interoperability cases: our client calls the official JavaScript server.</summary>
[Parallelizable]
internal sealed class OfficialServerCasesTests
{
    private NodePeer _server = null!;
    private Uri _address = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _server = NodePeer.Start("Serving/cases.mjs", []);
        _address = new Uri($"http://127.0.0.1:{(int)(await _server.ReadAsync(CancellationToken.None))["port"]!}");
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [TestCaseSource(typeof(CaseTable), nameof(CaseTable.CaseNames)), CancelAfter(30_000)]
    public async Task Passes(string caseName, CancellationToken cancellationToken)
    {
        // Its source says so: the flag of a response is always 0. Should that change, the case fails and this goes.
        var isLimited = caseName.StartsWith("server_compressed", StringComparison.Ordinal);
        using var client = new OurClient(_address) { IsServerCompressing = !isLimited };

        await CaseTable.RunAsync(
            caseName, Direction.OfficialServer, () => client.RunAsync(caseName, cancellationToken), isLimited ? "not there (grpc-js servers never compress; answered plain)" : "passed");
    }
}
