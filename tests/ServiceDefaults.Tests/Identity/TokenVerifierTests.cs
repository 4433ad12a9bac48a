using System.Security.Cryptography;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CustomerInsights.ServiceDefaults.Tests.Identity;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class TokenVerifierTests
{
    private readonly ManualTimeProvider _time = new();

    [Test]
    public async Task Development_token_speaks_of_its_caller()
    {
        var issuer = new DevelopmentIssuer(RandomNumberGenerator.GetBytes(32), _time);
        var ada = new Caller("user:ada", ["group:makers", "group:readers"]) { IsPlatformAdministrator = true };

        var caller = (await VerifyAsync(issuer.Sign(ada, TimeSpan.FromHours(8)), issuer.Trust())).Value;

        Assert.That(caller with { Groups = [] }, Is.EqualTo(ada with { Groups = [] }));
        Assert.That(caller.Groups, Is.EqualTo(ada.Groups));
    }

    [Test]
    public async Task Token_is_valid_until_it_expires_and_not_before_it_begins()
    {
        var issuer = new DevelopmentIssuer(RandomNumberGenerator.GetBytes(32), _time);
        var token = issuer.Sign(new Caller("user:ada", []), TimeSpan.FromHours(8));

        _time.Advance(TimeSpan.FromHours(8));
        Assert.That((await VerifyAsync(token, issuer.Trust())).Refusal, Is.Null, "clocks may differ by a minute");
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.That((await VerifyAsync(token, issuer.Trust())).Refusal?.Reason, Is.EqualTo("TOKEN_INVALID"));
        var early = new DevelopmentIssuer(RandomNumberGenerator.GetBytes(32), new ManualTimeProvider(_time.GetUtcNow().AddHours(1)));
        Assert.That((await VerifyAsync(early.Sign(new Caller("user:ada", []), TimeSpan.FromHours(8)), early.Trust())).Refusal?.Reason, Is.EqualTo("TOKEN_INVALID"));
    }

    [Test]
    public async Task Unsigned_token_is_refused()
    {
        var issuer = new DevelopmentIssuer(RandomNumberGenerator.GetBytes(32), _time);
        var parts = issuer.Sign(new Caller("user:ada", []), TimeSpan.FromHours(8)).Split('.');
        Assert.That((await VerifyAsync($"eyJhbGciOiJub25lIn0.{parts[1]}.", issuer.Trust())).Refusal?.Reason, Is.EqualTo("TOKEN_INVALID"));
        Assert.That((await VerifyAsync($"{parts[0]}.{parts[1]}.", issuer.Trust())).Refusal?.Reason, Is.EqualTo("TOKEN_INVALID"));
    }

    [Test]
    public async Task Person_of_an_OpenID_Connect_issuer_has_groups_and_roles()
    {
        using var login = new StandInIssuer(_time);
        var token = login.Sign(new() { ["sub"] = "ada", ["azp"] = "portal", ["groups"] = new[] { "makers" }, ["roles"] = "platform-administrator" });
        var caller = (await VerifyAsync(token, login.TrustPeople())).Value;
        Assert.That((caller.Principal, caller.Groups.Single(), caller.IsPlatformAdministrator), Is.EqualTo(("user:ada", "group:makers", true)));
    }

    [Test]
    public async Task Group_that_can_have_no_role_is_left_out_and_locks_nobody_out()
    {
        using var login = new StandInIssuer(_time);
        var token = login.Sign(new() { ["sub"] = "ada", ["groups"] = new[] { "Domain Users", "makers", "Büro", "", "a\0b" } });
        Assert.That((await VerifyAsync(token, login.TrustPeople())).Value.Groups, Is.EqualTo(new[] { "group:makers" }));
    }

    [Test]
    public async Task Subject_that_can_have_no_role_is_nobody()
    {
        using var login = new StandInIssuer(_time);
        Assert.That((await VerifyAsync(login.Sign(new() { ["sub"] = "Ada Lovelace" }), login.TrustPeople())).Refusal?.Reason, Is.EqualTo("TOKEN_INVALID"));
    }

    [TestCase("azp", "importer")]
    [TestCase("client_id", "importer")]
    [TestCase("idtyp", "app")]
    [TestCase("gty", "client-credentials")]
    public async Task Program_that_shows_client_credentials_is_an_application(string claim, string value)
    {
        using var login = new StandInIssuer(_time);
        var caller = (await VerifyAsync(login.Sign(new() { ["sub"] = "importer", [claim] = value }), login.TrustPeople())).Value;
        Assert.That(caller.Principal, Is.EqualTo("application:importer"));
    }

    [Test]
    public async Task Claim_of_an_OpenID_Connect_token_cannot_make_its_bearer_a_service()
    {
        using var login = new StandInIssuer(_time);
        var caller = (await VerifyAsync(login.Sign(new() { ["sub"] = "eve", ["principal"] = "service:exports" }), login.TrustPeople())).Value;
        Assert.That(caller.Principal, Is.EqualTo("user:eve"));
    }

    [Test]
    public async Task Process_is_known_by_the_subject_that_the_platform_gave_it()
    {
        using var cluster = new StandInIssuer(_time);
        var trust = cluster.TrustServices(("segments", "system:serviceaccount:insights:segments"));
        Assert.That((await VerifyAsync(cluster.Sign(new() { ["sub"] = "system:serviceaccount:insights:segments" }), trust)).Value.Service, Is.EqualTo("segments"));
        Assert.That((await VerifyAsync(cluster.Sign(new() { ["sub"] = "system:serviceaccount:insights:other" }), trust)).Refusal?.Reason, Is.EqualTo("TOKEN_INVALID"));
    }

    [Test]
    public async Task Token_for_another_audience_or_from_another_issuer_is_refused()
    {
        using var login = new StandInIssuer(_time);
        using var other = new StandInIssuer(_time);
        Assert.That((await VerifyAsync(login.Sign(new() { ["sub"] = "ada" }, audience: "somewhere-else"), login.TrustPeople())).Refusal?.Reason, Is.EqualTo("TOKEN_INVALID"));
        Assert.That((await VerifyAsync(other.Sign(new() { ["sub"] = "ada" }), login.TrustPeople())).Refusal?.Reason, Is.EqualTo("TOKEN_INVALID"));
    }

    [Test]
    public async Task Issuer_out_of_reach_is_an_outage_and_not_the_callers_fault()
    {
        using var login = new StandInIssuer(_time) { IsDown = true };
        var token = login.Sign(new() { ["sub"] = "ada" });
        Assert.That((await VerifyAsync(token, login.TrustPeople())).Refusal?.Kind, Is.EqualTo(RefusalKind.Unavailable));
    }

    [Test]
    public async Task Two_issuers_are_believed_side_by_side()
    {
        using var login = new StandInIssuer(_time);
        using var cluster = new StandInIssuer(_time);
        TrustedIssuer[] both = [login.TrustPeople(), cluster.TrustServices(("exports", "pod-exports"))];
        Assert.That((await VerifyAsync(login.Sign(new() { ["sub"] = "ada" }), both)).Value.Principal, Is.EqualTo("user:ada"));
        Assert.That((await VerifyAsync(cluster.Sign(new() { ["sub"] = "pod-exports" }), both)).Value.Principal, Is.EqualTo("service:exports"));
    }

    [TestCase("")]
    [TestCase("Basic abc")]
    [TestCase(null)]
    public async Task Header_without_a_bearer_token_is_told_apart(string? header) => Assert.That(
        (await new TokenVerifier([], _time, NullLogger<TokenVerifier>.Instance).VerifyAsync(header, CancellationToken.None)).Refusal?.Reason, Is.EqualTo("TOKEN_MISSING"));

    private Task<Result<Caller>> VerifyAsync(string token, params TrustedIssuer[] trusted) =>
        new TokenVerifier(trusted, _time, NullLogger<TokenVerifier>.Instance).VerifyAsync($"Bearer {token}", CancellationToken.None);
}
