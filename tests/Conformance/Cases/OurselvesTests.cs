using CustomerInsights.Rpc.Tests;
using CustomerInsights.Rpc.Tests.Interop;

namespace CustomerInsights.Conformance.Cases;

/// <summary>The interoperability cases: our client calls our server.</summary>
[Parallelizable]
internal sealed class OurselvesTests
{
    [TestCaseSource(typeof(CaseTable), nameof(CaseTable.CaseNames)), CancelAfter(30_000)]
    public async Task Passes(string caseName, CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync(InteropService.Map, options => options.ResponseCompressionAlgorithm = "gzip");
        using var client = new OurClient(server.Address);

        await CaseTable.RunAsync(caseName, Direction.Ourselves, () => client.RunAsync(caseName, cancellationToken));
    }
}
