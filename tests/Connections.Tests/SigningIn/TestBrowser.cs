using System.Net;
using Microsoft.AspNetCore.WebUtilities;

namespace CustomerInsights.Connections.Tests.SigningIn;

/// <summary>A browser that keeps cookies and shows where it is sent, without going there.</summary>
internal sealed class TestBrowser : IDisposable
{
    // Outside of every trace, as a browser is.
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        CookieContainer = new CookieContainer(),
        UseProxy = false,
        ActivityHeadersPropagator = null,
    });

    /// <summary>Opens the link of a sign-in; returns what the outside service is asked.</summary>
    public async Task<IReadOnlyDictionary<string, string>> FollowAsync(string link, CancellationToken cancellationToken)
    {
        using var answer = await GetAsync(link, cancellationToken);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Redirect));
        return QueryHelpers.ParseQuery(answer.Headers.Location!.Query).ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
    }

    /// <summary>Comes back from the outside service.</summary>
    public Task<HttpResponseMessage> ReturnAsync(IReadOnlyDictionary<string, string> asked, CancellationToken cancellationToken, params (string Name, string Value)[] answer) => GetAsync(
        QueryHelpers.AddQueryString(asked["redirect_uri"], answer.Prepend(("state", asked["state"])).ToDictionary(pair => pair.Item1, pair => (string?)pair.Item2)), cancellationToken);

    /// <summary>Follows the link, answers the page of the stand-in, and comes back.</summary>
    public async Task SignInAsync(string link, string decision, string user, CancellationToken cancellationToken)
    {
        using var followed = await GetAsync(link, cancellationToken);
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["user"] = user, ["decision"] = decision });
        using var decided = await _client.PostAsync(followed.Headers.Location, form, cancellationToken);
        using var back = await GetAsync(decided.Headers.Location!.AbsoluteUri, cancellationToken);
        Assert.That(back.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    public Task<HttpResponseMessage> GetAsync(string address, CancellationToken cancellationToken) => _client.GetAsync(new Uri(address), cancellationToken);

    public void Dispose() => _client.Dispose();
}
