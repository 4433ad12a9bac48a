using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using CustomerInsights.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Connections.Tests.SigningIn;

/// <summary>
/// The identity platform and Customer Management, as small as they can be: codes with PKCE, refresh tokens that rotate and are
/// good until their successor is first used, access tokens of an hour. What goes wrong, a test says.
/// </summary>
internal sealed class ScriptedPlatform : IAsyncDisposable
{
    public const string ClientId = "client-7";
    public const string ClientSecret = "canary-client-secret";
    public const string DeveloperToken = "canary-developer-token";
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly WebApplication _web;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, string> _challenges = new();
    private readonly ConcurrentDictionary<string, string> _predecessors = new();
    private readonly ConcurrentDictionary<string, bool> _refreshTokens = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _accessTokens = new();

    private ScriptedPlatform(WebApplication web, TimeProvider time) => (_web, _time) = (web, time);

    /// <summary>Such as "127.0.0.1:40123".</summary>
    public string Host => new Uri(_web.Urls.Single()).Authority;

    public string Address => $"http://{Host}";

    /// <summary>Whether a refresh token dies as soon as it is used.</summary>
    public bool IsStrict { get; set; }

    /// <summary>Everything that was issued: nothing of it may appear where it does not belong.</summary>
    public ConcurrentQueue<string> Issued { get; } = new();

    public ConcurrentQueue<IReadOnlyDictionary<string, string>> TokenRequests { get; } = new();

    /// <summary>Answers instead of the platform before anything is done; null to go on.</summary>
    public Func<IReadOnlyDictionary<string, string>, IResult?> Before { get; set; } = _ => null;

    /// <summary>Answers instead of the platform when the tokens have been made; null to go on. An aborting result drops the connection.</summary>
    public Func<IResult?> After { get; set; } = () => null;

    /// <summary>Happens when an access token is used.</summary>
    public Func<string, Task> OnUse { get; set; } = _ => Task.CompletedTask;

    /// <summary>Answer of Customer Management instead of the accounts; null for the accounts.</summary>
    public Func<IResult?> Fault { get; set; } = () => null;

    /// <summary>The accounts of whoever signs in.</summary>
    public string Accounts { get; set; } =
        """[{"Id":"2000001","ParentCustomerId":"1000001","Name":"Shop","Number":"F1","AccountLifeCycleStatus":"Active"},{"Id":"no number"}]""";

    public static async Task<ScriptedPlatform> StartAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore();
        var web = builder.Build();
        var platform = new ScriptedPlatform(web, time);
        web.UseRouting();
        web.MapPost("/identity/token", (Delegate)platform.AnswerTokenAsync);
        web.MapPost("/CustomerManagement/v13/User/Query", platform.Answer(() => """{"User":{"Id":"77","UserName":"ads@example.com"},"CustomerRoles":[]}"""));
        web.MapPost("/CustomerManagement/v13/Accounts/Search", platform.Answer(() => $$"""{"Accounts":{{platform.Accounts}}}"""));
        await web.StartAsync(cancellationToken);
        return platform;
    }

    public IReadOnlyDictionary<string, string?> Settings() => new Dictionary<string, string?>
    {
        ["Connections:AllowedSandboxHosts:0"] = Host,
        ["Connections:VerifyTimeout"] = "00:00:05",
        ["Connections:MicrosoftAdvertising:ClientId"] = ClientId,
        ["Connections:MicrosoftAdvertising:ClientSecret"] = ClientSecret,
        ["Connections:MicrosoftAdvertising:DeveloperToken"] = DeveloperToken,
        ["Connections:MicrosoftAdvertising:AuthorizeAddress"] = $"{Address}/identity/authorize",
        ["Connections:MicrosoftAdvertising:TokenAddress"] = $"{Address}/identity/token",
        ["Connections:MicrosoftAdvertising:CustomerAddress"] = $"{Address}/CustomerManagement/v13/",
        ["Connections:MicrosoftAdvertising:CampaignAddress"] = $"{Address}/CampaignManagement/v13/",
    };

    /// <summary>The code that a person's consent leads to.</summary>
    public string Consent(string challenge)
    {
        var code = New("code");
        _challenges[code] = challenge;
        return code;
    }

    /// <summary>Takes everything back that anybody granted.</summary>
    public void Revoke() => _refreshTokens.Clear();

    public bool IsValid(string accessToken) => _accessTokens.TryGetValue(accessToken, out var until) && until > _time.GetUtcNow();

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    private async Task<IResult> AnswerTokenAsync(HttpContext context)
    {
        var form = (await context.Request.ReadFormAsync()).ToDictionary(field => field.Key, field => field.Value.ToString());
        TokenRequests.Enqueue(form);
        if (Before(form) is { } instead)
        {
            return instead;
        }

        if (form["client_id"] != ClientId || form["client_secret"] != ClientSecret)
        {
            return Error("invalid_client");
        }

        var isGranted = form["grant_type"] == "authorization_code"
            ? _challenges.TryRemove(form["code"], out var challenge) && challenge == Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(form["code_verifier"])))
            : IsStrict ? _refreshTokens.TryRemove(form["refresh_token"], out _) : _refreshTokens.ContainsKey(form["refresh_token"]);
        if (!isGranted)
        {
            return Error("invalid_grant");
        }

        var shown = form.GetValueOrDefault("refresh_token", "");
        if (_predecessors.TryRemove(shown, out var predecessor))
        {
            _refreshTokens.TryRemove(predecessor, out _);
        }

        var (access, refresh) = (New("access"), New("refresh"));
        (_accessTokens[access], _refreshTokens[refresh], _predecessors[refresh]) = (_time.GetUtcNow() + Lifetime, true, shown);
        return After() ?? Results.Json(new { token_type = "Bearer", expires_in = (int)Lifetime.TotalSeconds, access_token = access, refresh_token = refresh });
    }

    private Delegate Answer(Func<string> body) => (HttpContext context) => AnswerAsync(context, body());

    private async Task<IResult> AnswerAsync(HttpContext context, string body)
    {
        var token = context.Request.Headers.Authorization.ToString().Replace("Bearer ", "", StringComparison.Ordinal);
        await OnUse(token);
        return Fault() ?? (IsValid(token) && context.Request.Headers["DeveloperToken"] == DeveloperToken
            ? Results.Content(body, "application/json")
            : Results.Json(new { Errors = new[] { new { Code = 109, ErrorCode = "AuthenticationTokenExpired" } } }, statusCode: 401));
    }

    public static IResult Error(string error, string description = "AADSTS70000: canary-error-text", int status = 400) =>
        Results.Json(new { error, error_description = description }, statusCode: status);

    private string New(string kind)
    {
        var text = $"canary-{kind}-{Some.Id()}";
        Issued.Enqueue(text);
        return text;
    }
}

/// <summary>Drops the connection instead of answering.</summary>
internal sealed class Dropped : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Abort();
        return Task.CompletedTask;
    }
}
