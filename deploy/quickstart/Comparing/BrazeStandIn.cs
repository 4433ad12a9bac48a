using System.Globalization;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CustomerInsights.Quickstart.Comparing;

/// <summary>A user as the stand-in of Braze keeps it.</summary>
/// <param name="ExternalId">Null for a user without one.</param>
/// <param name="Attributes">Reserved fields and custom attributes alike, by name.</param>
internal sealed record BrazeUser(string? ExternalId, IReadOnlyDictionary<string, JsonElement> Attributes);

/// <summary>One request as the stand-in's journal keeps it.</summary>
internal sealed record BrazeRequest(long Sequence, DateTimeOffset Time, string Route, int Status, bool Committed, int Rejected, int? Fault, IReadOnlyList<BrazeSubject>? Objects, string? Body)
{
    /// <summary>Objects in the request.</summary>
    public int Attributes { get; init; }

    /// <summary>The objects of the body; kept only while the journal keeps bodies.</summary>
    public IEnumerable<JsonObject> Sent() => Body is null ? [] : JsonNode.Parse(Body)!["attributes"]?.AsArray().Select(o => o!.AsObject()) ?? [];
}

/// <summary>Whom one object of a request was about.</summary>
internal sealed record BrazeSubject(string? ExternalId, string? AliasName, bool Rejected);

/// <summary>The control API of the stand-in (services/Sandbox/README.md).</summary>
/// <param name="address">Where it listens.</param>
/// <param name="workspace">Each workspace has users, journal and faults of its own; a key belongs to one.</param>
internal sealed class BrazeStandIn(Uri address, string workspace = "main") : IDisposable
{
    private const int PageSize = 5_000;
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private readonly HttpClient _http = new() { BaseAddress = new Uri(address, "/sandbox/braze/") };

    /// <summary>All users, in the order of their external ids.</summary>
    public async IAsyncEnumerable<BrazeUser> UsersAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(await _http.GetStreamAsync($"users.ndjson?workspace={workspace}", cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { Length: > 0 } line)
        {
            yield return JsonSerializer.Deserialize<BrazeUser>(line, Json)!;
        }
    }

    /// <summary>Sequence of the newest request; 0 before the first.</summary>
    public async Task<long> LastRequestAsync(CancellationToken cancellationToken)
    {
        var last = 0L;
        await foreach (var request in RequestsAsync(0, cancellationToken))
        {
            last = request.Sequence;
        }

        return last;
    }

    /// <summary>Requests after a sequence, in the order in which they took effect.</summary>
    public async IAsyncEnumerable<BrazeRequest> RequestsAsync(long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await _http.GetFromJsonAsync<JournalPage>(string.Create(CultureInfo.InvariantCulture, $"journal?workspace={workspace}&after={after}&limit={PageSize}"), Json, cancellationToken);
            if (page!.Dropped > 0)
            {
                throw new InvalidOperationException($"The journal has lost {page.Dropped} requests for want of room.");
            }

            foreach (var request in page.Entries)
            {
                yield return request;
            }

            if (page.Entries.Count == 0)
            {
                yield break;
            }

            after = page.Next;
        }
    }

    /// <summary>Accepts this key from now on.</summary>
    public Task AllowKeyAsync(string key, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, "keys", new { Key = key, Workspace = workspace }, cancellationToken);

    /// <summary>Knows this key no more.</summary>
    public Task RevokeKeyAsync(string key, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, "keys/revoke", new { Key = key, Workspace = workspace }, cancellationToken);

    /// <summary>Changes how the workspace behaves, such as { "journal": "bodies" }.</summary>
    public Task ChangeSettingsAsync(object settings, CancellationToken cancellationToken) => SendAsync(HttpMethod.Patch, "settings", settings, cancellationToken);

    /// <summary>Injects a fault, such as { "kind": "delay", "delay_milliseconds": 50 }.</summary>
    public Task AddFaultAsync(object fault, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, "faults", fault, cancellationToken);

    public Task ClearFaultsAsync(CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, "faults", null, cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task SendAsync(HttpMethod method, string path, object? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, $"{path}?workspace={workspace}") { Content = content is null ? null : JsonContent.Create(content, options: Json) };
        using var response = await _http.SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{method} {path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }

    private sealed record JournalPage(IReadOnlyList<BrazeRequest> Entries, long Next, long Dropped);
}
