using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using CustomerInsights.Sandbox.Braze.Reading;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze.Controlling;

/// <summary>
/// The control API of the Braze stand-in, typed: for tests and tools, against a sandbox in this process or in another.
/// Anything but success throws <see cref="HttpRequestException"/>.
/// </summary>
/// <param name="address">Address of the sandbox.</param>
/// <param name="workspace">The workspace that is looked at and changed.</param>
public sealed class BrazeControl(Uri address, string workspace = BrazeControl.MainWorkspace) : IDisposable
{
    /// <summary>The workspace of keys that name none.</summary>
    public const string MainWorkspace = BrazeSandbox.MainWorkspace;

    private readonly HttpClient _client = new() { BaseAddress = new Uri(address, "/sandbox/braze/"), Timeout = TimeSpan.FromMinutes(5) };

    public void Dispose() => _client.Dispose();

    /// <summary>Adds a key for this workspace, or replaces its permissions; all of them when none are named.</summary>
    public async Task AllowKeyAsync(string key, CancellationToken cancellationToken, params string[] permissions)
    {
        var allowed = new BrazeKey { Key = key, Workspace = workspace, Permissions = permissions.Length > 0 ? permissions : BrazePermissions.All };
        using var answer = await _client.PostAsJsonAsync("keys", allowed, SandboxJson.Default.BrazeKey, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>From now on the key is unknown.</summary>
    public async Task RevokeKeyAsync(string key, CancellationToken cancellationToken)
    {
        using var answer = await _client.PostAsJsonAsync("keys/revoke", new BrazeKey { Key = key }, SandboxJson.Default.BrazeKey, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public Task<BrazeSettings> GetSettingsAsync(CancellationToken cancellationToken) => GetAsync("settings", SandboxJson.Default.BrazeSettings, cancellationToken);

    /// <summary>Replaces all settings: <c>await control.SetAsync(new BrazeSettings { Journal = JournalMode.Counts }, token)</c>.</summary>
    public async Task SetAsync(BrazeSettings settings, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, Path("settings")) { Content = JsonContent.Create(settings, SandboxJson.Default.BrazeSettings) };
        using var answer = await _client.SendAsync(request, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public async Task DefineSegmentAsync(BrazeSegment segment, CancellationToken cancellationToken)
    {
        using var answer = await _client.PostAsJsonAsync(Path("segments"), segment, SandboxJson.Default.BrazeSegment, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Injects a fault; returns it with its id.</summary>
    public async Task<FaultRule> AddFaultAsync(FaultRule rule, CancellationToken cancellationToken)
    {
        using var answer = await _client.PostAsJsonAsync(Path("faults"), rule, SandboxJson.Default.FaultRule, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync(SandboxJson.Default.FaultRule, cancellationToken))!;
    }

    /// <summary>The faults in force, with how often each has hit.</summary>
    public Task<IReadOnlyList<FaultRule>> ListFaultsAsync(CancellationToken cancellationToken) => GetAsync("faults", SandboxJson.Default.IReadOnlyListFaultRule, cancellationToken);

    public async Task ClearFaultsAsync(CancellationToken cancellationToken)
    {
        using var answer = await _client.DeleteAsync(Path("faults"), cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Forgets users, journal, faults and counters; keeps keys, settings and segments.</summary>
    public async Task ResetAsync(CancellationToken cancellationToken)
    {
        using var answer = await _client.PostAsync(Path("reset"), null, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>All users, in order.</summary>
    public async IAsyncEnumerable<SandboxUser> UsersAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = "";
        do
        {
            var page = await GetAsync($"users?after={next}", SandboxJson.Default.UserPage, cancellationToken);
            foreach (var user in page.Users)
            {
                yield return user;
            }

            next = page.Next;
        }
        while (next is not null);
    }

    /// <summary>The user with this external id, or null.</summary>
    public Task<SandboxUser?> FindUserAsync(string externalId, CancellationToken cancellationToken) =>
        FindAsync($"users/one?external_id={Uri.EscapeDataString(externalId)}", cancellationToken);

    /// <summary>The user with this alias, or null.</summary>
    public Task<SandboxUser?> FindAliasAsync(string label, string name, CancellationToken cancellationToken) =>
        FindAsync($"users/one?alias_label={Uri.EscapeDataString(label)}&alias_name={Uri.EscapeDataString(name)}", cancellationToken);

    /// <summary>All requests after a sequence, oldest first. Throws when the journal had no room to keep them all.</summary>
    public async IAsyncEnumerable<JournalRecord> JournalAsync(long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await GetAsync($"journal?after={after}", SandboxJson.Default.JournalPage, cancellationToken);
            if (page.Dropped > 0)
            {
                throw new InvalidOperationException($"The journal has dropped {page.Dropped} of the requests after {after}.");
            }

            foreach (var entry in page.Entries)
            {
                yield return entry;
            }

            if (page.Entries.Count == 0)
            {
                yield break;
            }

            after = page.Next;
        }
    }

    public Task<CountersView> CountersAsync(CancellationToken cancellationToken) => GetAsync("counters", SandboxJson.Default.CountersView, cancellationToken);

    /// <summary>One hash for all users and their attributes.</summary>
    public Task<UsersDigest> DigestAsync(CancellationToken cancellationToken) => GetAsync("digest", SandboxJson.Default.UsersDigest, cancellationToken);

    private async Task<SandboxUser?> FindAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await _client.GetAsync(Path(path), cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync(SandboxJson.Default.SandboxUser, cancellationToken);
    }

    private async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        (await _client.GetFromJsonAsync(Path(path), type, cancellationToken))!;

    private string Path(string path) => $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}workspace={Uri.EscapeDataString(workspace)}";
}
