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

    public async Task SetAsync(WebhookSettingsChange change, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, Path("settings")) { Content = JsonContent.Create(change, options: WebhookJson.Options) };
        using var answer = await _client.SendAsync(request, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>All members, ordered by audience and key.</summary>
    public Task<IReadOnlyList<WebhookMember>> MembersAsync(CancellationToken cancellationToken) => GetAsync<IReadOnlyList<WebhookMember>>("members", cancellationToken);

    /// <summary>All requests that the journal holds, oldest first.</summary>
    public Task<IReadOnlyList<WebhookJournalEntry>> JournalAsync(CancellationToken cancellationToken) => GetAsync<IReadOnlyList<WebhookJournalEntry>>("journal", cancellationToken);

    /// <summary>Injects a fault; <see cref="FaultRule.ExternalIds"/> are keys here.</summary>
    public async Task AddFaultAsync(FaultRule rule, CancellationToken cancellationToken)
    {
        using var answer = await _client.PostAsJsonAsync(Path("faults"), rule, WebhookJson.Options, cancellationToken);
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

    private async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) => (await _client.GetFromJsonAsync<T>(Path(path), WebhookJson.Options, cancellationToken))!;

    private string Path(string path) => $"{path}?receiver={Uri.EscapeDataString(receiver)}";
}
