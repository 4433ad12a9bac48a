using System.Text.Json.Nodes;
using CustomerInsights.Conformance.Peers;
using CustomerInsights.TestKit;

namespace CustomerInsights.Conformance.Sidecar;

/// <summary>A server of the official SDK as the app of a sidecar, and what it says about the events that come.</summary>
internal sealed class OfficialApp : IAsyncDisposable
{
    private NodePeer? _peer;

    public int Port { get; } = ReservedPort.Take();

    public Uri Address => new($"http://127.0.0.1:{Port}");

    /// <param name="sidecarPort">HTTP port of its sidecar.</param>
    /// <param name="topics">What it subscribes to, and its dead-letter topic.</param>
    public async Task StartAsync(int sidecarPort, CancellationToken cancellationToken, params (string Topic, string DeadLetterTopic)[] topics)
    {
        _peer = NodePeer.Start("Sidecar/server.mjs", new JsonObject
        {
            ["listen"] = Port,
            ["port"] = sidecarPort,
            ["topics"] = new JsonArray([.. topics.Select(topic => new JsonObject
            {
                ["topic"] = topic.Topic, ["deadLetterTopic"] = topic.DeadLetterTopic, ["metadata"] = new JsonObject { ["colour"] = "red" },
            })]),
        });
        Assert.That((bool?)(await HearAsync(cancellationToken))["listening"], Is.True);
    }

    /// <summary>The next event.</summary>
    public Task<JsonNode> HearAsync(CancellationToken cancellationToken) => _peer!.ReadAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_peer is not null)
        {
            await _peer.DisposeAsync();
        }
    }
}
