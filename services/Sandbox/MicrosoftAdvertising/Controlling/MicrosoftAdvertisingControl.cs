using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using CustomerInsights.Sandbox.Control;
using Json = CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling.MicrosoftAdvertisingJson;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;

/// <summary>
/// The control API of the Microsoft Advertising stand-in, typed: for tests and tools, against a sandbox in this process or in
/// another. Anything but success throws <see cref="HttpRequestException"/>.
/// </summary>
/// <param name="address">Address of the sandbox.</param>
public sealed class MicrosoftAdvertisingControl(Uri address) : IDisposable
{
    private readonly HttpClient _client = new() { BaseAddress = new Uri(address, "/sandbox/microsoft-advertising/"), Timeout = TimeSpan.FromMinutes(5) };

    /// <summary>Where a person signs in.</summary>
    public Uri AuthorizeAddress => new(address, "/identity/authorize");

    /// <summary>Where tokens are issued.</summary>
    public Uri TokenAddress => new(address, "/identity/token");

    /// <summary>Base address of Campaign Management.</summary>
    public Uri CampaignAddress => new(address, "/CampaignManagement/v13/");

    /// <summary>Base address of the Bulk service.</summary>
    public Uri BulkAddress => new(address, "/Bulk/v13/");

    /// <summary>Base address of Customer Management.</summary>
    public Uri CustomerAddress => new(address, "/CustomerManagement/v13/");

    public void Dispose() => _client.Dispose();

    public Task<MicrosoftAdvertisingSettings> GetSettingsAsync(CancellationToken cancellationToken) =>
        GetAsync("settings", Json.Default.MicrosoftAdvertisingSettings, cancellationToken);

    /// <summary>Replaces all settings.</summary>
    public async Task SetAsync(MicrosoftAdvertisingSettings settings, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, "settings") { Content = JsonContent.Create(settings, Json.Default.MicrosoftAdvertisingSettings) };
        using var answer = await _client.SendAsync(request, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Adds an account, or changes what is known of it, such as whether its terms are accepted.</summary>
    public Task DefineAccountAsync(AdAccount account, CancellationToken cancellationToken) => PostAsync("accounts", account, Json.Default.AdAccount, cancellationToken);

    /// <summary>Adds a user, or changes which accounts the user reaches.</summary>
    public Task DefineUserAsync(AdUser user, CancellationToken cancellationToken) => PostAsync("users", user, Json.Default.AdUser, cancellationToken);

    /// <summary>Signs a user in without a browser.</summary>
    public Task<GrantView> GrantAsync(CancellationToken cancellationToken, string userName = MicrosoftAdvertisingOptions.DefaultUser) =>
        PostAsync("grants", new NewGrant { UserName = userName }, Json.Default.NewGrant, Json.Default.GrantView, cancellationToken);

    /// <summary>From now on refresh tokens are refused: of one grant, or of all when none is named. Access tokens live until they expire.</summary>
    public Task RevokeGrantsAsync(CancellationToken cancellationToken, string? grantId = null, string? userName = null) =>
        PostAsync("grants/revoke", new RevokedGrants { GrantId = grantId, UserName = userName }, Json.Default.RevokedGrants, cancellationToken);

    /// <summary>All access tokens of this moment expire: 401 with 109.</summary>
    public Task ExpireAccessTokensAsync(CancellationToken cancellationToken) => PostAsync("access-tokens/expire", cancellationToken);

    /// <summary>The next token request rotates the refresh token, then the connection is cut.</summary>
    public Task<FaultRule> LoseNextTokenAnswerAsync(CancellationToken cancellationToken) => LoseNextAnswerAsync(MicrosoftAdvertisingOperations.Token, cancellationToken);

    /// <summary>The next request of this operation takes effect, then the connection is cut.</summary>
    public Task<FaultRule> LoseNextAnswerAsync(string operation, CancellationToken cancellationToken) =>
        AddFaultAsync(new FaultRule { Kind = FaultKind.DropAfter, Operation = operation, Count = 1 }, cancellationToken);

    /// <summary>All lists in order of their ids, or those made in one account.</summary>
    public Task<IReadOnlyList<ListView>> ListsAsync(CancellationToken cancellationToken, long? accountId = null) =>
        GetAsync(accountId is { } id ? $"lists?account_id={id}" : "lists", Json.Default.IReadOnlyListListView, cancellationToken);

    /// <summary>The list with this id, or null.</summary>
    public async Task<ListView?> FindListAsync(long id, CancellationToken cancellationToken)
    {
        using var answer = await _client.GetAsync($"lists/{id}", cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync(Json.Default.ListView, cancellationToken);
    }

    /// <summary>The list with this name in an account, or null.</summary>
    public async Task<ListView?> FindListAsync(string name, CancellationToken cancellationToken, long accountId = MicrosoftAdvertisingOptions.DefaultAccountId) =>
        (await ListsAsync(cancellationToken, accountId)).FirstOrDefault(l => l.Name == name);

    /// <summary>Hashes of the members, in order.</summary>
    public async IAsyncEnumerable<string> MembersAsync(long listId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var answer = await _client.GetAsync($"lists/{listId}/members", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        answer.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            yield return line;
        }
    }

    /// <summary>One hash for all members of a list.</summary>
    public Task<MembersDigest> DigestAsync(long listId, CancellationToken cancellationToken) =>
        GetAsync($"lists/{listId}/digest", Json.Default.MembersDigest, cancellationToken);

    /// <summary>Makes a list that is somebody else's.</summary>
    public Task<ListView> CreateListAsync(NewList list, CancellationToken cancellationToken) =>
        PostAsync("lists", list, Json.Default.NewList, Json.Default.ListView, cancellationToken);

    /// <summary>Adds members that are somebody else's.</summary>
    public Task AddMembersAsync(long listId, IReadOnlyList<string> hashes, CancellationToken cancellationToken) =>
        PostAsync($"lists/{listId}/members", new NewMembers { Hashes = hashes }, Json.Default.NewMembers, cancellationToken);

    /// <summary>Injects a fault; returns it with its id.</summary>
    public Task<FaultRule> AddFaultAsync(FaultRule rule, CancellationToken cancellationToken) =>
        PostAsync("faults", rule, Json.Default.FaultRule, Json.Default.FaultRule, cancellationToken);

    /// <summary>The faults in force, with how often each has hit.</summary>
    public Task<IReadOnlyList<FaultRule>> ListFaultsAsync(CancellationToken cancellationToken) => GetAsync("faults", Json.Default.IReadOnlyListFaultRule, cancellationToken);

    public async Task ClearFaultsAsync(CancellationToken cancellationToken)
    {
        using var answer = await _client.DeleteAsync("faults", cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>All entries after a sequence, oldest first. Throws when the journal had no room to keep them all.</summary>
    public async IAsyncEnumerable<MicrosoftAdvertisingRecord> JournalAsync(long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await GetAsync($"journal?after={after}", Json.Default.MicrosoftAdvertisingJournalPage, cancellationToken);
            if (page.Dropped > 0)
            {
                throw new InvalidOperationException($"The journal has dropped {page.Dropped} of the entries after {after}.");
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

    public Task<MicrosoftAdvertisingCountersView> CountersAsync(CancellationToken cancellationToken) =>
        GetAsync("counters", Json.Default.MicrosoftAdvertisingCountersView, cancellationToken);

    /// <summary>Forgets lists, uploads, journal, faults and counters; keeps accounts, users, settings and grants.</summary>
    public Task ResetAsync(CancellationToken cancellationToken) => PostAsync("reset", cancellationToken);

    private async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        (await _client.GetFromJsonAsync(path, type, cancellationToken))!;

    private async Task PostAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await _client.PostAsync(path, null, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private async Task PostAsync<T>(string path, T sent, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var answer = await _client.PostAsJsonAsync(path, sent, type, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private async Task<TAnswer> PostAsync<T, TAnswer>(string path, T sent, JsonTypeInfo<T> type, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellationToken)
    {
        using var answer = await _client.PostAsJsonAsync(path, sent, type, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync(answerType, cancellationToken))!;
    }
}
