using CustomerInsights.Connections.Tests.SigningIn;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;

namespace CustomerInsights.Connections.Tests.Verifying;

/// <summary>Active connections are looked at once a day although nobody asks.</summary>
internal sealed class RecheckConnectionsTests(Engine engine) : AdvertisingFixture(engine)
{
    protected override TimeSpan RecheckInterval => TimeSpan.FromDays(1);

    [Test]
    public async Task A_grant_that_nobody_uses_is_kept_alive_and_nothing_else_changes()
    {
        var connected = await Scene.ConnectAsync(Token);
        var (before, audited) = (await Scene.StoredTokenAsync(Token), await AuditAsync());
        await PassAsync(TimeSpan.FromHours(23));
        Assert.That(await Scene.StoredTokenAsync(Token), Is.EqualTo(before), "not every hour");
        await PassAsync(TimeSpan.FromHours(2));
        await UntilAsync(async () => await Scene.StoredTokenAsync(Token) != before, "the token has a successor");
        Assert.That(await Scene.ConnectionAsync(), Is.EqualTo(connected));
        Assert.That(await AuditAsync(), Is.EqualTo(audited));
    }

    [Test]
    public async Task A_grant_that_was_taken_back_is_told_before_a_run_needs_it()
    {
        await Scene.ConnectAsync(Token);
        Platform.Revoke();
        await PassAsync(TimeSpan.FromDays(1));
        await UntilAsync(async () => (await Scene.ConnectionAsync()).State == ConnectionState.NeedsAttention, "the connection needs attention");
        Assert.That((await Scene.ConnectionAsync()).StateReason, Does.Contain("Sign in again"));
        Assert.That(await AuditAsync(), Has.Some.EqualTo("CONNECTION_VERIFIED service:connections GRANT_REVOKED"));
        var asked = Platform.TokenRequests.Count;
        await PassAsync(TimeSpan.FromDays(3));
        Assert.That(Platform.TokenRequests, Has.Count.EqualTo(asked), "nobody is asked in vain");
    }

    [Test]
    public async Task One_refusal_is_not_enough_to_stop_exports()
    {
        await Scene.ConnectAsync(Token);
        var (asked, refusals) = (Platform.TokenRequests.Count, 1);
        Platform.Before = _ => Interlocked.Decrement(ref refusals) >= 0 ? ScriptedPlatform.Error("invalid_grant") : null;
        await PassAsync(TimeSpan.FromDays(1));
        await UntilAsync(() => Task.FromResult(Platform.TokenRequests.Count >= asked + 2), "the platform is asked once more");
        await PassAsync(TimeSpan.Zero);
        refusals = 1;
        await PassAsync(TimeSpan.FromDays(1));
        await UntilAsync(() => Task.FromResult(Platform.TokenRequests.Count >= asked + 4), "and again the next day, when the first refusal is forgotten");
        Assert.That((await Scene.ConnectionAsync()).State, Is.EqualTo(ConnectionState.Active));
    }

    [Test]
    public async Task A_service_that_cannot_be_reached_says_nothing_and_is_asked_again()
    {
        await Scene.ConnectAsync(Token);
        var asked = Platform.TokenRequests.Count;
        Platform.Before = _ => ScriptedPlatform.Error("server_error", status: 500);
        await PassAsync(TimeSpan.FromDays(1));
        await UntilAsync(() => Task.FromResult(Platform.TokenRequests.Count >= asked + 6), "the platform is asked again and again");
        Assert.That((await Scene.ConnectionAsync()).State, Is.EqualTo(ConnectionState.Active));
    }

    [Test]
    public async Task An_export_user_who_is_no_longer_administrator_is_told()
    {
        await Scene.ConnectAsync(Token);
        Harness.Roles.Assign(Scene.Environment, AdvertisingScene.Admin, Role.Contributor);
        await PassAsync(TimeSpan.FromDays(1));
        await UntilAsync(async () => (await AuditAsync()).Contains($"EXPORT_USER_INVALID service:connections {AdvertisingScene.Admin}"), "it is in the audit trail");
        Harness.Roles.Assign(Scene.Environment, AdvertisingScene.Admin, Role.Administrator);
        Assert.That((await Scene.ConnectionAsync()).StateReason, Does.Contain("export user is no longer administrator"));
    }

    /// <summary>Lets time pass, and waits until whatever fell due has happened.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        Clock.Advance(time);
        await UntilAsync(async () => await FindAsync("running = 0 AND next_at > @now"), "rechecks have caught up", step: TimeSpan.FromSeconds(1));
    }

    // A minute each time: who has found something looks again ten minutes later.
    private Task UntilAsync(Func<Task<bool>> condition, string what) => UntilAsync(condition, what, step: TimeSpan.FromMinutes(1));

    // The clock stands still while a recheck is at work: whoever is asked must not seem to be late.
    private Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan step) => Eventually.TrueAsync(
        async () =>
        {
            if (await condition())
            {
                return true;
            }

            if (await FindAsync("running = 0"))
            {
                Clock.Advance(step);
            }

            return false;
        },
        what,
        cancellationToken: Token);

    private async Task<bool> FindAsync(string state)
    {
        var sql = $"SELECT job_key FROM jobs WHERE kind = 'recheck-connections' AND {state.Replace("@now", $"{Clock.GetUtcNow().ToMicroseconds()}", StringComparison.Ordinal)}";
        return (await Scene.QueryAsync(sql, Token)).Count == 1;
    }

    private Task<IReadOnlyList<string>> AuditAsync() => Scene.QueryAsync(
        "SELECT action || ' ' || actor || COALESCE(' ' || detail, '') FROM audit WHERE environment_id = @Environment ORDER BY audit_id", Token);
}
