using System.Text.Json.Serialization.Metadata;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Webhook.Controlling;

/// <summary>
/// The control API of the stand-in of webhooks, typed: for tests and tools, against a sandbox in this process or in another.
/// Anything but success throws <see cref="HttpRequestException"/>.
/// </summary>
/// <param name="address">Address of the sandbox.</param>
/// <param name="receiver">The receiver that is looked at and changed.</param>
public sealed class WebhookControl(Uri address, string receiver = WebhookControl.MainReceiver) : IDisposable
{
    public const string MainReceiver = WebhookSandbox.MainReceiver;

    private readonly HttpClient _client = new() { BaseAddress = new Uri(address, "/sandbox/webhook/"), Timeout = TimeSpan.FromMinutes(5) };

    /// <summary>Where the receiver takes lines, as a connection names it.</summary>
    public Uri Url { get; } = new(address, $"{WebhookSandbox.Path}/{Uri.EscapeDataString(receiver)}");

    /// <summary>Replaces all settings.</summary>
    public async Task SetAsync(WebhookSettings settings, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, Path("settings")) { Content = JsonContent.Create(settings, WebhookJson.Default.WebhookSettings) };
        using var answer = await _client.SendAsync(request, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>All members, ordered by audience and key.</summary>
    public Task<IReadOnlyList<WebhookMember>> MembersAsync(CancellationToken cancellationToken) => GetAsync("members", WebhookJson.Default.IReadOnlyListWebhookMember, cancellationToken);

    /// <summary>All requests that the journal holds, oldest first.</summary>
    public async Task<IReadOnlyList<WebhookJournalEntry>> JournalAsync(CancellationToken cancellationToken)
    {
        var all = new List<WebhookJournalEntry>();
        IReadOnlyList<WebhookJournalEntry> page;
        do
        {
            page = await GetAsync($"journal?after={(all.Count > 0 ? all[^1].Sequence : 0)}", WebhookJson.Default.IReadOnlyListWebhookJournalEntry, cancellationToken);
            all.AddRange(page);
        }
        while (page.Count > 0);
        return all;
    }

    /// <summary>Injects a fault; <see cref="FaultRule.ExternalIds"/> are keys here.</summary>
    public async Task AddFaultAsync(FaultRule rule, CancellationToken cancellationToken)
    {
        using var answer = await _client.PostAsJsonAsync(Path("faults"), rule, WebhookJson.Default.FaultRule, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public async Task ClearFaultsAsync(CancellationToken cancellationToken)
    {
        using var answer = await _client.DeleteAsync(Path("faults"), cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Forgets members, journal and faults; keeps settings.</summary>
    public async Task ResetAsync(CancellationToken cancellationToken)
    {
        using var answer = await _client.PostAsync(Path("reset"), null, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public void Dispose() => _client.Dispose();

    private async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) => (await _client.GetFromJsonAsync(Path(path), type, cancellationToken))!;

    private string Path(string path) => $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}receiver={Uri.EscapeDataString(receiver)}";
}
