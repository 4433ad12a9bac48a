using System.Text.Json.Nodes;
using CustomerInsights.Conformance.Peers;
using CustomerInsights.Rpc.Tests;

namespace CustomerInsights.Conformance.Calling;

/// <summary>The official JavaScript client calls our server.</summary>
internal sealed class OfficialClientTests
{
    [Test, CancelAfter(60_000)]
    public async Task Cases_pass(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        await using var client = NodePeer.Start("Calling/client.mjs", new JsonObject { ["port"] = server.Address.Port });

        var result = await client.ReadAsync(cancellationToken);

        Assert.That((bool)result["passed"]!, Is.True, (string?)result["detail"]);
    }
}
