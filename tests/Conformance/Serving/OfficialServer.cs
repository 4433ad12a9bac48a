using System.Text.Json.Nodes;
using CustomerInsights.Conformance.Peers;

namespace CustomerInsights.Conformance.Serving;

/// <summary>An official JavaScript server, and what it says about its calls.</summary>
internal sealed class OfficialServer : IAsyncDisposable
{
    private readonly NodePeer _peer = NodePeer.Start("Serving/server.mjs", []);

    public string Authority { get; private set; } = "";

    public Uri Address => new($"http://{Authority}");

    /// <param name="settings">What Serving/server.mjs takes besides the port.</param>
    public static async Task<OfficialServer> StartAsync(JsonObject settings, CancellationToken cancellationToken)
    {
        var server = new OfficialServer();
        await server.ListenAsync(0, settings, cancellationToken);
        return server;
    }

    public async Task ListenAsync(int port, JsonObject settings, CancellationToken cancellationToken)
    {
        settings["listen"] = port;
        var answer = await _peer.AskAsync(settings, cancellationToken);
        Assert.That((string?)answer["failed"], Is.Null);
        Authority = $"127.0.0.1:{(int)answer["port"]!}";
    }

    /// <summary>What the server says next of its own accord.</summary>
    public Task<JsonNode> HearAsync(CancellationToken cancellationToken) => _peer.ReadAsync(cancellationToken);

    public async Task BeginShutdownAsync(CancellationToken cancellationToken) => await TellAsync("shutdown", cancellationToken);

    /// <summary>Lets calls that hold go on.</summary>
    public async Task GoOnAsync(CancellationToken cancellationToken) => await TellAsync("goOn", cancellationToken);

    public async Task<(int Sent, int Answered)> PingsAsync(CancellationToken cancellationToken)
    {
        var answer = await TellAsync("pings", cancellationToken);
        return ((int)answer["sent"]!, (int)answer["answered"]!);
    }

    public ValueTask DisposeAsync() => _peer.DisposeAsync();

    private async Task<JsonNode> TellAsync(string what, CancellationToken cancellationToken) =>
        await _peer.AskAsync(new JsonObject { [what] = true }, cancellationToken);
}
