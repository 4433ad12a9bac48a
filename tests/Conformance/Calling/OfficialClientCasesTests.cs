using System.Text.Json.Nodes;
using CustomerInsights.Conformance.Cases;
using CustomerInsights.Conformance.Peers;
using CustomerInsights.Rpc.Tests;

namespace CustomerInsights.Conformance.Calling;

/// <summary>The interoperability cases: the official JavaScript client calls our server.</summary>
[Parallelizable]
internal sealed class OfficialClientCasesTests
{
    private TestServer _server = null!;
    private NodePeer _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _server = await TestServer.StartAsync(InteropService.Map, options => options.ResponseCompressionAlgorithm = "gzip");
        _client = NodePeer.Start("Calling/cases.mjs", new JsonObject { ["port"] = _server.Address.Port });
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _client.DisposeAsync();
        await _server.DisposeAsync();
    }

    [TestCaseSource(typeof(CaseTable), nameof(CaseTable.CaseNames)), CancelAfter(30_000)]
    public Task Passes(string caseName, CancellationToken cancellationToken) => CaseTable.RunAsync(caseName, Direction.OfficialClient, async () =>
    {
        var answer = await _client.AskAsync(new JsonObject { ["case"] = caseName }, cancellationToken);

        Assert.That((string?)answer["passed"], Is.EqualTo(caseName), (string?)answer["failed"]);
    });
}
