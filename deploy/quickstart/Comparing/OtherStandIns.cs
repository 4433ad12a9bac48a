using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CustomerInsights.Quickstart.Comparing;

/// <summary>What the stand-ins of Microsoft Advertising and of a webhook have, by their control APIs (services/Sandbox/README.md).</summary>
internal static class OtherStandIns
{
    /// <summary>Who can sign in at the stand-in from the start.</summary>
    public const string User = "admin@example.com";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Opens the link of a sign-in, agrees on the page that it leads to, and comes back, as a browser does.</summary>
    public static async Task SignInAsync(string link, string user, CancellationToken cancellationToken)
    {
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() });
        using var sent = await browser.GetAsync(new Uri(link), cancellationToken);
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["user"] = user, ["decision"] = "accept" });
        using var agreed = await browser.PostAsync(sent.Headers.Location, form, cancellationToken);
        using var back = await browser.GetAsync(agreed.Headers.Location, cancellationToken);
        back.EnsureSuccessStatusCode();
    }

    /// <summary>Hashes of the members of the one list.</summary>
    public static async Task<IReadOnlySet<string>> ReadListAsync(Uri sandbox, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = new Uri(sandbox, "/sandbox/microsoft-advertising/") };
        var lists = await http.GetFromJsonAsync<IReadOnlyList<List>>("lists", Json, cancellationToken);
        var members = await http.GetStringAsync($"lists/{lists!.Single().Id}/members", cancellationToken);
        return members.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToHashSet();
    }

    /// <summary>Keys of the members that the webhook was told of.</summary>
    public static async Task<IReadOnlySet<string>> ReadWebhookAsync(Uri sandbox, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = new Uri(sandbox, "/sandbox/webhook/") };
        var members = await http.GetFromJsonAsync<IReadOnlyList<Member>>("members", Json, cancellationToken);
        return members!.Select(member => member.Key).ToHashSet();
    }

    /// <summary>An address as Microsoft Advertising knows it.</summary>
    public static string Hash(string address) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address.Trim().ToLowerInvariant())));

    private sealed record List(long Id);

    private sealed record Member(string Key);
}
