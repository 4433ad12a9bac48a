using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.TestKit.Hosting;
using Grpc.Core;

namespace CustomerInsights.ServiceDefaults.Tests.Hosting;

/// <summary>Which web pages a process lets in.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(30_000)]
public sealed class BrowserAccessTests
{
    private const string Method = "/customerinsights.segments.v1.ProfileService/DeleteProfiles";
    private const string Studio = "https://studio.example.com";
    private const string AllowOrigin = "access-control-allow-origin";

    [Test]
    public async Task Nobody_is_told_anything_unless_configured(CancellationToken cancellationToken)
    {
        await using var harness = await ServiceHarness.StartAsync(new ProbeApp(), cancellationToken: cancellationToken);

        var (preflight, call) = (await AskAsync(harness, Studio, cancellationToken), await CallAsync(harness, Studio, cancellationToken));

        Assert.That(preflight.Headers.Keys.Concat(call.Headers.Keys), Has.None.StartsWith("access-control-").IgnoreCase);
        Assert.That((preflight.HttpStatus, call.Status), Is.EqualTo((405, StatusCode.OK)), "a page of the same origin needs no permission");
    }

    [Test]
    public async Task Page_of_an_allowed_origin_may_call_and_read_status_and_metadata(CancellationToken cancellationToken)
    {
        await using var harness = await StartAsync(cancellationToken, "http://localhost:5173", Studio);

        var (preflight, call) = (await AskAsync(harness, Studio, cancellationToken), await CallAsync(harness, Studio, cancellationToken));

        Assert.Multiple(() =>
        {
            Assert.That((preflight.HttpStatus, preflight[AllowOrigin], preflight["access-control-allow-methods"]), Is.EqualTo((204, Studio, "POST")));
            Assert.That(preflight["access-control-allow-headers"], Is.EqualTo("authorization,content-type,grpc-timeout,x-custom,x-grpc-web"));
            Assert.That(preflight["access-control-max-age"], Is.EqualTo("7200"));
            Assert.That(preflight.Headers.Keys.Concat(call.Headers.Keys), Has.None.EqualTo("access-control-allow-credentials").IgnoreCase, "cookies have no meaning here");
            Assert.That((call.HttpStatus, call.Status, call[AllowOrigin]), Is.EqualTo((200, StatusCode.OK, Studio)));
            Assert.That(call["access-control-expose-headers"], Is.EqualTo("grpc-status,grpc-message,grpc-status-details-bin,grpc-encoding,*"));
            Assert.That(call["vary"], Is.EqualTo("Origin"));
        });
    }

    [TestCase("https://evil.example.com")]
    [TestCase("http://studio.example.com")]
    [TestCase("https://studio.example.com:8443")]
    [TestCase("null")]
    public async Task Page_of_another_origin_may_not(string origin, CancellationToken cancellationToken)
    {
        await using var harness = await StartAsync(cancellationToken, Studio);

        Assert.That((await AskAsync(harness, origin, cancellationToken))[AllowOrigin], Is.Null);
        Assert.That((await CallAsync(harness, origin, cancellationToken))[AllowOrigin], Is.Null);
    }

    [Test]
    public async Task Star_lets_every_page_call_but_never_read_a_development_token(CancellationToken cancellationToken)
    {
        await using var harness = await StartAsync(cancellationToken, "*");
        using var http = new HttpClient { BaseAddress = new Uri(harness.HttpAddress) };
        using var token = new HttpRequestMessage(HttpMethod.Get, "/dev/token?user=ada") { Headers = { { "origin", "https://evil.example.com" } } };

        Assert.That((await CallAsync(harness, "https://anywhere.example.com", cancellationToken))[AllowOrigin], Is.EqualTo("*"));
        Assert.That((await BrowserCalls.SendAsync(http, token, cancellationToken))[AllowOrigin], Is.Null);
    }

    [Test]
    public async Task Refused_and_unknown_calls_can_be_read_too(CancellationToken cancellationToken)
    {
        await using var harness = await StartAsync(cancellationToken, Studio);
        using var http = new HttpClient { BaseAddress = new Uri(harness.HttpAddress) };
        foreach (var (method, status) in new[] { (Method, StatusCode.Unauthenticated), ("/no.Such/Method", StatusCode.Unimplemented) })
        {
            using var call = BrowserCalls.Request(method, new DeleteProfilesRequest());
            call.Headers.Add("origin", Studio);
            var answer = await BrowserCalls.SendAsync(http, call, cancellationToken);
            Assert.That((answer.Status, answer[AllowOrigin]), Is.EqualTo((status, Studio)));
        }
    }

    [TestCase("studio.example.com")]
    [TestCase("https://studio.example.com/")]
    [TestCase("https://studio.example.com/app")]
    [TestCase("https://*.example.com")]
    [TestCase("ftp://studio.example.com")]
    [TestCase("https://ada@studio.example.com")]
    [TestCase("*", "https://studio.example.com")]
    public void What_is_no_origin_is_refused_at_start(params string[] origins)
    {
        var refused = Assert.ThrowsAsync<StartRefusedException>(() => StartAsync(CancellationToken.None, origins))!;
        Assert.That(refused.Problems, Is.EqualTo(new[] { "Web:AllowedOrigins must be origins such as https://studio.example.com, without a path, or \"*\" alone." }));
    }

    [Test]
    public void List_that_is_a_text_is_refused_at_start()
    {
        var settings = new Dictionary<string, string?> { ["Web:AllowedOrigins"] = Studio };
        var refused = Assert.ThrowsAsync<StartRefusedException>(() => ServiceHarness.StartAsync(new ProbeApp(), new HarnessOptions { Settings = settings }))!;
        Assert.That(refused.Problems, Is.EqualTo(new[] { "Web:AllowedOrigins is a list: set Web:AllowedOrigins:0 and so on." }));
    }

    private static Task<ServiceHarness> StartAsync(CancellationToken cancellationToken, params string[] origins)
    {
        var settings = origins.Select((origin, index) => KeyValuePair.Create($"Web:AllowedOrigins:{index}", (string?)origin)).ToDictionary();
        return ServiceHarness.StartAsync(new ProbeApp(), new HarnessOptions { Settings = settings }, cancellationToken);
    }

    private static async Task<BrowserAnswer> AskAsync(ServiceHarness harness, string origin, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = new Uri(harness.HttpAddress) };
        using var request = BrowserCalls.Preflight(Method, origin);
        return await BrowserCalls.SendAsync(http, request, cancellationToken);
    }

    private static async Task<BrowserAnswer> CallAsync(ServiceHarness harness, string origin, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = new Uri(harness.HttpAddress) };
        using var request = BrowserCalls.Request(Method, new DeleteProfilesRequest(), harness.TokenFor("user:ada"));
        request.Headers.Add("origin", origin);
        return await BrowserCalls.SendAsync(http, request, cancellationToken);
    }
}
