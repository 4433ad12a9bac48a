using System.Text.Json.Nodes;
using CustomerInsights.Conformance.Peers;
using Grpc.Core;

namespace CustomerInsights.Conformance.Calling;

/// <summary>The official JavaScript client, told what to call. It keeps a channel for each address.</summary>
internal sealed class OfficialClient : IAsyncDisposable
{
    private readonly NodePeer _peer = NodePeer.Start("Calling/calls.mjs", []);

    /// <param name="address">Such as "127.0.0.1:5081".</param>
    /// <param name="method">Such as "UnaryCall".</param>
    /// <param name="asked">What Calling/calls.mjs takes.</param>
    public Task<JsonNode> CallAsync(string address, string method, JsonObject asked, CancellationToken cancellationToken) =>
        AskAsync(address, "call", method, asked, cancellationToken);

    /// <summary>Starts a call and waits for its first message; its end is asked for by <see cref="EndAsync"/>.</summary>
    public async Task StartAsync(string address, string method, JsonObject asked, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(address, "start", method, asked, cancellationToken);
        Assert.That((bool?)answer["started"], Is.True, answer.ToJsonString());
    }

    public Task<JsonNode> EndAsync(CancellationToken cancellationToken) => _peer.AskAsync(new JsonObject { ["end"] = true }, cancellationToken);

    /// <summary>How many of the calls, made at once, ended with which status.</summary>
    public async Task<Dictionary<StatusCode, int>> CallManyAsync(string address, int count, JsonObject asked, CancellationToken cancellationToken)
    {
        asked["calls"] = count;
        asked["address"] = address;
        var answer = await _peer.AskAsync(asked, cancellationToken);
        Assert.That((string?)answer["failed"], Is.Null);
        return answer.AsObject().ToDictionary(pair => Enum.Parse<StatusCode>(pair.Key), pair => (int)pair.Value!);
    }

    public async Task<(int Sent, int Answered)> PingsAsync(CancellationToken cancellationToken)
    {
        var answer = await _peer.AskAsync(new JsonObject { ["pings"] = true }, cancellationToken);
        return ((int)answer["sent"]!, (int)answer["answered"]!);
    }

    public ValueTask DisposeAsync() => _peer.DisposeAsync();

    private async Task<JsonNode> AskAsync(string address, string verb, string method, JsonObject asked, CancellationToken cancellationToken)
    {
        asked[verb] = method;
        asked["address"] = address;
        var answer = await _peer.AskAsync(asked, cancellationToken);
        Assert.That((string?)answer["failed"], Is.Null);
        return answer;
    }
}
