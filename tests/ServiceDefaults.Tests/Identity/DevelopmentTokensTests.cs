using System.Net;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Tests.Hosting;
using CustomerInsights.TestKit.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.ServiceDefaults.Tests.Identity;

[Parallelizable]
public sealed class DevelopmentTokensTests
{
    private ServiceHarness _harness = null!;
    private HttpClient _http = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _harness = await ServiceHarness.StartAsync(new ProbeApp());
        _http = new HttpClient { BaseAddress = new Uri(_harness.HttpAddress) };
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _http.Dispose();
        await _harness.DisposeAsync();
    }

    [TestCase("/dev/token?user=ada", "user:ada", false, "")]
    [TestCase("/dev/token?user=ada&platform_administrator=true&groups=makers,group:readers", "user:ada", true, "group:makers group:readers")]
    [TestCase("/dev/token?application=importer", "application:importer", false, "")]
    public async Task Token_speaks_of_whom_was_asked_for(string query, string principal, bool platformAdministrator, string groups)
    {
        var token = (await _http.GetStringAsync(query)).TrimEnd('\n');
        var caller = (await _harness.Services.GetRequiredService<TokenVerifier>().VerifyAsync($"Bearer {token}", CancellationToken.None)).Value;
        Assert.That((caller.Principal, caller.IsPlatformAdministrator, string.Join(' ', caller.Groups)), Is.EqualTo((principal, platformAdministrator, groups)));
    }

    [TestCase("/dev/token")]
    [TestCase("/dev/token?user=")]
    [TestCase("/dev/token?user=a&application=b")]
    [TestCase("/dev/token?user=a%20b")]
    [TestCase("/dev/token?service=exports")]
    public async Task Question_for_nobody_or_for_a_service_is_refused(string query) =>
        Assert.That((await _http.PostAsync(query, null)).StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));

    [Test]
    public async Task Question_by_a_host_name_that_is_not_loopback_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/dev/token?user=ada") { Headers = { Host = "attacker.example.com" } };
        Assert.That((await _http.SendAsync(request)).StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
    }
}
