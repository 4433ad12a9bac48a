using System.Collections.Concurrent;
using CustomerInsights.Connections.Tests.SigningIn;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace CustomerInsights.Connections.Tests.Granting;

/// <summary>The life of tokens behind a connection (MSA-3).</summary>
internal sealed class AccessTokenTests(Engine engine) : AdvertisingFixture(engine)
{
    [Test]
    public async Task An_access_token_is_kept_until_shortly_before_it_expires_and_renewed_when_asked()
    {
        await Scene.ConnectAsync(Token);
        var first = await FetchAsync();
        Clock.Advance(TimeSpan.FromMinutes(54));
        Assert.That(await FetchAsync(), Is.EqualTo(first));
        var renewed = await FetchAsync(renew: true);
        Assert.That(renewed, Is.Not.EqualTo(first));
        Assert.That(await FetchAsync(), Is.EqualTo(renewed));
        Clock.Advance(TimeSpan.FromMinutes(56));
        Assert.That(await FetchAsync(), Is.Not.EqualTo(renewed));
    }

    [Test]
    public async Task The_next_refresh_token_is_stored_before_the_access_token_is_used()
    {
        await Scene.ConnectAsync(Token);
        var stored = new ConcurrentQueue<string>();
        Platform.OnUse = async _ => stored.Enqueue(await Scene.StoredTokenAsync(CancellationToken.None));
        var before = await Scene.StoredTokenAsync(Token);
        await Scene.Client.VerifyConnectionAsync(new VerifyConnectionRequest { Name = Scene.Name });
        var after = await Scene.StoredTokenAsync(Token);
        Assert.That(stored, Has.Count.EqualTo(2).And.All.EqualTo(after));
        Assert.That(after, Is.Not.EqualTo(before));
    }

    [Test]
    public async Task A_lost_answer_is_made_up_for_with_the_token_that_is_stored()
    {
        await Scene.ConnectAsync(Token);
        var lost = 1;
        Platform.After = () => Interlocked.Exchange(ref lost, 0) == 1 ? new Dropped() : null;
        Assert.That(Platform.IsValid(await FetchAsync(renew: true)));
        var shown = Platform.TokenRequests.Where(form => form["grant_type"] == "refresh_token").Select(form => form["refresh_token"]).TakeLast(2).ToList();
        Assert.That(shown[0], Is.EqualTo(shown[1]));
        Assert.That(Platform.IsValid(await FetchAsync(renew: true)), "and the rotation goes on");
    }

    [Test]
    public async Task A_process_that_died_with_the_answer_leaves_the_stored_token_to_the_next_when_its_lease_has_lapsed()
    {
        await Scene.ConnectAsync(Token);
        var until = (Clock.GetUtcNow() + TimeSpan.FromHours(1)).ToMicroseconds();
        await Scene.ExecuteAsync($"UPDATE grants SET lease_owner = 'dead', lease_until = {until}", Token);
        var waiting = FetchAsync(renew: true);
        await Eventually.TrueAsync(
            () =>
            {
                Clock.Advance(TimeSpan.FromMilliseconds(200));
                return waiting.IsCompleted;
            },
            "who waits for the lease gives up",
            cancellationToken: Token);

        await Assert.ThatAsync(() => waiting, Throws.TypeOf<RpcException>().With.Property("StatusCode").EqualTo(StatusCode.Unavailable));
        Clock.Advance(TimeSpan.FromHours(1));
        Assert.That(Platform.IsValid(await FetchAsync(renew: true)));
    }

    [Test]
    public async Task Whoever_lost_its_lease_gives_nobody_its_token()
    {
        await Scene.ConnectAsync(Token);
        Platform.After = () =>
        {
            Scene.ExecuteAsync("UPDATE grants SET lease_owner = 'faster'", CancellationToken.None).GetAwaiter().GetResult();
            return null;
        };
        var before = await Scene.StoredTokenAsync(Token);
        await RefusedAsync(Scene.Worker.FetchCredentialAsync(Scene.Fetch(renew: true), deadline: DateTime.MaxValue), StatusCode.Unavailable, "TOKEN_UNAVAILABLE");
        Assert.That(await Scene.StoredTokenAsync(Token), Is.EqualTo(before));
        Assert.That((await Scene.ConnectionAsync()).State, Is.EqualTo(ConnectionState.Active));
    }

    [Test]
    public async Task Two_replicas_at_once_never_spend_the_same_refresh_token()
    {
        await Scene.ConnectAsync(Token);
        Platform.IsStrict = true;
        await using var first = await StartHarnessAsync(TimeProvider.System);
        await using var second = await StartHarnessAsync(TimeProvider.System);
        foreach (var replica in new[] { first, second })
        {
            replica.Roles.Assign(Scene.Environment, AdvertisingScene.Admin, Contracts.Environments.V1.Role.Administrator);
        }

        var asked = Platform.TokenRequests.Count;
        var fetches = Enumerable.Range(0, 12).Select(n => AdvertisingScene.WorkerOf(n % 2 == 0 ? first : second).FetchCredentialAsync(Scene.Fetch(renew: true)).ResponseAsync);
        var credentials = await Task.WhenAll(fetches);

        Assert.That(credentials.Select(credential => Platform.IsValid(credential.MicrosoftAdvertising.AccessToken)), Has.All.True);
        var spent = Platform.TokenRequests.Skip(asked).Select(form => form["refresh_token"]).ToList();
        Assert.That(spent, Is.Unique.And.Count.AtLeast(2));
    }

    [Test]
    public async Task A_revoked_grant_asks_for_attention_until_somebody_signs_in_again()
    {
        await Scene.ConnectAsync(Token);
        Platform.Revoke();
        await RefusedAsync(Scene.Worker.FetchCredentialAsync(Scene.Fetch(renew: true)), StatusCode.FailedPrecondition, "CONNECTION_NEEDS_ATTENTION");
        var broken = await Scene.ConnectionAsync();
        Assert.That((broken.State, broken.StateReason), Is.EqualTo((ConnectionState.NeedsAttention, broken.StateReason)));
        Assert.That(broken.StateReason, Does.Contain("Sign in again"));
        var asked = Platform.TokenRequests.Count;
        await RefusedAsync(Scene.Worker.FetchCredentialAsync(Scene.Fetch()), StatusCode.FailedPrecondition, "CONNECTION_NEEDS_ATTENTION");
        Assert.That(Platform.TokenRequests, Has.Count.EqualTo(asked), "nobody is asked in vain");

        var old = await Scene.StoredTokenAsync(Token);
        var repaired = await Scene.Client.UpdateConnectionAsync(Scene.Update(await Scene.SignInAsync(Token)));
        Assert.That((repaired.State, repaired.MicrosoftAdvertising.TermsAcceptedBy, repaired.MicrosoftAdvertising.Accounts.Count), Is.EqualTo((ConnectionState.Active, AdvertisingScene.Admin, 1)));
        Assert.That(Platform.IsValid(await FetchAsync()));
        Assert.That(await Scene.QueryAsync("SELECT token FROM grants", Token), Has.Count.EqualTo(1).And.Not.Contains(old));
        Assert.That(await Scene.QueryAsync("SELECT detail FROM audit WHERE environment_id = @Environment AND action = 'CONNECTION_UPDATED'", Token), Is.EqualTo(new[] { "microsoft_advertising.sign_in" }));
    }

    [TestCase("temporarily_unavailable", 503)]
    [TestCase("server_error", 500)]
    [TestCase("invalid_client", 401)]
    [TestCase("nonsense", 200)]
    public async Task An_outage_of_the_platform_is_no_fault_of_the_connection(string error, int status)
    {
        await Scene.ConnectAsync(Token);
        Platform.Before = _ => ScriptedPlatform.Error(error, status: status);
        await RefusedAsync(Scene.Worker.FetchCredentialAsync(Scene.Fetch(renew: true)), StatusCode.Unavailable, "TOKEN_UNAVAILABLE");
        await RefusedAsync(Scene.Client.VerifyConnectionAsync(new VerifyConnectionRequest { Name = Scene.Name }), StatusCode.FailedPrecondition, "HOST_UNREACHABLE");
        Assert.That((await Scene.ConnectionAsync()).State, Is.EqualTo(ConnectionState.Active));
        Platform.Before = _ => null;
        Assert.That(Platform.IsValid(await FetchAsync()));
    }

    [TestCase(401, 105, "CREDENTIAL_UNKNOWN", "developer token")]
    [TestCase(403, 106, "CREDENTIAL_FORBIDDEN", "lacks access")]
    public async Task Verify_records_what_Microsoft_Advertising_says(int status, int code, string problem, string remedy)
    {
        await Scene.ConnectAsync(Token);
        Platform.Fault = () => Results.Json(new { Errors = new object[] { new { Code = 1 }, new { Code = code.ToString(System.Globalization.CultureInfo.InvariantCulture) } } }, statusCode: status);
        var verified = (await Scene.Client.VerifyConnectionAsync(new VerifyConnectionRequest { Name = Scene.Name })).Connection;
        Assert.That(verified.State, Is.EqualTo(ConnectionState.NeedsAttention));
        Assert.That(verified.StateReason, Does.Contain(remedy));
        Assert.That(verified.MicrosoftAdvertising.Accounts, Has.Count.EqualTo(1), "what was known stays");
        Assert.That(await Scene.QueryAsync("SELECT detail FROM audit WHERE environment_id = @Environment AND action = 'CONNECTION_VERIFIED'", Token), Is.EqualTo(new[] { problem }));
        Platform.Fault = () => null;
        Assert.That((await Scene.Client.VerifyConnectionAsync(new VerifyConnectionRequest { Name = Scene.Name })).Connection.State, Is.EqualTo(ConnectionState.Active));
    }

    [Test]
    public async Task A_worker_that_reports_a_refusal_is_heard()
    {
        await Scene.ConnectAsync(Token);
        await FetchAsync();
        await Scene.Worker.ReportRefusedCredentialAsync(new ReportRefusedCredentialRequest { Name = Scene.Name, Run = Scene.Fetch().Run, Reason = "CREDENTIAL_FORBIDDEN" });
        Assert.That((await Scene.ConnectionAsync()).StateReason, Does.Contain("lacks access to the ad account"));
        await RefusedAsync(Scene.Worker.FetchCredentialAsync(Scene.Fetch()), StatusCode.FailedPrecondition, "CONNECTION_NEEDS_ATTENTION");
    }

    [Test]
    public async Task Removal_destroys_the_grant()
    {
        await Scene.ConnectAsync(Token);
        await Scene.Client.DeleteConnectionAsync(new DeleteConnectionRequest { Name = Scene.Name });
        Assert.That(await Scene.QueryAsync("SELECT token FROM grants", Token), Is.Empty);
    }

    [Test]
    public async Task A_grant_moved_to_another_connection_does_not_open()
    {
        await Scene.ConnectAsync(Token);
        await Scene.ExecuteAsync("UPDATE grants SET grant_id = 'moved'", Token);
        await Scene.ExecuteAsync("UPDATE connections SET grant_id = 'moved'", Token);
        var refused = await RefusedAsync(Scene.Worker.FetchCredentialAsync(Scene.Fetch()), StatusCode.FailedPrecondition, "CONNECTION_NEEDS_ATTENTION");
        Assert.That(refused.Status.Detail, Does.Contain("no longer be decrypted"));
    }

    [Test]
    public async Task Two_days_of_runs_with_tokens_that_rotate()
    {
        await Scene.ConnectAsync(Token);
        Platform.IsStrict = true;
        for (var minute = 0; minute < 2 * 24 * 60; minute += 10)
        {
            Assert.That(Platform.IsValid(await FetchAsync()), $"minute {minute}");
            Clock.Advance(TimeSpan.FromMinutes(10));
        }

        Assert.That(Platform.TokenRequests, Has.Count.InRange(48, 60));
        Assert.That(Platform.TokenRequests.Skip(1).Select(form => form["refresh_token"]), Is.Unique);
        Assert.That((await Scene.ConnectionAsync()).State, Is.EqualTo(ConnectionState.Active));
    }

    private async Task<string> FetchAsync(bool renew = false) => (await Scene.Worker.FetchCredentialAsync(Scene.Fetch(renew))).MicrosoftAdvertising.AccessToken;
}
