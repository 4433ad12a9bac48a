using CustomerInsights.Connections.Tests.SigningIn;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Http;

namespace CustomerInsights.Connections.Tests.Verifying;

/// <summary>Connections are looked at once a day although nobody asks.</summary>
internal sealed class RunRechecksTests(Engine engine) : AdvertisingFixture(engine)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan SoonAgain = TimeSpan.FromMinutes(11);
    private static readonly TimeSpan LaterAgain = TimeSpan.FromMinutes(61);

    private int _looks;

    protected override bool Rechecks => true;

    [Test]
    public async Task A_grant_that_nobody_uses_is_kept_alive_and_nothing_else_changes()
    {
        var connected = await ConnectAsync();
        var (before, audited) = (await Scene.StoredTokenAsync(Token), await AuditAsync());
        await PassAsync(TimeSpan.FromHours(23));
        Assert.That(await Scene.StoredTokenAsync(Token), Is.EqualTo(before), "not yet");
        await PassAsync(TimeSpan.FromHours(2));
        Assert.That(await Scene.StoredTokenAsync(Token), Is.Not.EqualTo(before));
        Assert.That(await Scene.ConnectionAsync(), Is.EqualTo(connected));
        Assert.That(await AuditAsync(), Is.EqualTo(audited));
        await PassAsync(TimeSpan.FromHours(22));
        Assert.That(_looks, Is.EqualTo(1), "once a day");
    }

    [Test]
    public async Task A_grant_that_was_taken_back_is_told_before_a_run_needs_it()
    {
        await ConnectAsync();
        Platform.Revoke();
        await PassAsync(Day);
        Assert.That(await StateAsync(), Is.EqualTo(ConnectionState.Active), "one refusal is not enough to stop exports");
        await PassAsync(SoonAgain);
        Assert.That((await Scene.ConnectionAsync()).StateReason, Does.Contain("Sign in again"));
        Assert.That(await AuditAsync(), Has.Some.EqualTo("CONNECTION_VERIFIED service:connections GRANT_REVOKED"));
        Assert.That(Harness.Logs.Records, Has.Some.Matches<TestKit.Hosting.CapturedLog>(record => record.Text == $"A recheck found that {Scene.Name} needs attention: GRANT_REVOKED"));
        var asked = Platform.TokenRequests.Count;
        await PassAsync(TimeSpan.FromDays(3));
        Assert.That(Platform.TokenRequests, Has.Count.EqualTo(asked), "nobody is asked in vain");
    }

    [Test]
    public async Task A_refusal_is_forgotten_by_the_next_answer()
    {
        await ConnectAsync();
        for (var day = 0; day < 2; day++)
        {
            Platform.Fault = Forbid;
            await PassAsync(Day);
            Platform.Fault = () => null;
            await PassAsync(SoonAgain);
        }

        Assert.That((await StateAsync(), _looks), Is.EqualTo((ConnectionState.Active, 4)));
    }

    [Test]
    public async Task A_service_that_cannot_be_reached_says_nothing_and_takes_nothing_back()
    {
        await ConnectAsync();
        Platform.Fault = Forbid;
        await PassAsync(Day);
        Platform.Fault = () => Results.StatusCode(503);
        await PassAsync(SoonAgain);
        await PassAsync(LaterAgain);
        await PassAsync(SoonAgain);
        Assert.That((await StateAsync(), _looks), Is.EqualTo((ConnectionState.Active, 3)), "it is asked once an hour");
        Platform.Fault = Forbid;
        await PassAsync(LaterAgain);
        Assert.That(await StateAsync(), Is.EqualTo(ConnectionState.NeedsAttention));
    }

    [Test]
    public async Task Whatever_changes_a_connection_ends_the_doubt([Values] bool whileAsked)
    {
        await ConnectAsync();
        Platform.Fault = Forbid;
        if (!whileAsked)
        {
            await PassAsync(Day);
            await RenameAsync();
        }
        else
        {
            var renamed = 0;
            Platform.OnUse = _ => Interlocked.Exchange(ref renamed, 1) == 0 ? RenameAsync() : Task.CompletedTask;
            await PassAsync(Day);
        }

        await PassAsync(SoonAgain);
        Assert.That(await StateAsync(), Is.EqualTo(ConnectionState.Active));
        await PassAsync(SoonAgain);
        var broken = await Scene.ConnectionAsync();
        Assert.That((broken.State, broken.DisplayName), Is.EqualTo((ConnectionState.NeedsAttention, "Renamed")));
    }

    [Test]
    public async Task What_a_recheck_has_recorded_a_recheck_takes_back([Values] bool changesMeanwhile)
    {
        await ConnectAsync();
        Platform.Fault = Forbid;
        await PassAsync(Day);
        await PassAsync(SoonAgain);
        var refused = (await AuditAsync()).Count;
        await PassAsync(LaterAgain);
        Assert.That((await StateAsync(), (await AuditAsync()).Count), Is.EqualTo((ConnectionState.NeedsAttention, refused)), "once is enough");
        if (changesMeanwhile)
        {
            await RenameAsync();
            await Scene.Client.AddExportUserAsync(new AddExportUserRequest { Name = Scene.Name });
            refused = (await AuditAsync()).Count;
        }

        Platform.Fault = () => null;
        await PassAsync(LaterAgain);
        Assert.That(await StateAsync(), Is.EqualTo(ConnectionState.Active));
        Assert.That((await AuditAsync()).Skip(refused), Is.EqualTo(new[] { "CONNECTION_VERIFIED service:connections " }));
    }

    [Test]
    public async Task What_a_worker_has_reported_is_left_to_people([Values] bool afterRecheck)
    {
        await ConnectAsync();
        await Scene.Worker.FetchCredentialAsync(Scene.Fetch());
        if (afterRecheck)
        {
            Platform.Fault = Forbid;
            await PassAsync(Day);
            await PassAsync(SoonAgain);
            Platform.Fault = () => null;
        }

        await Scene.Worker.ReportRefusedCredentialAsync(new ReportRefusedCredentialRequest { Name = Scene.Name, Run = Scene.Fetch().Run, Reason = "CREDENTIAL_FORBIDDEN" });
        var looks = _looks;
        await PassAsync(Day);
        await PassAsync(Day);
        Assert.That((await StateAsync(), _looks), Is.EqualTo((ConnectionState.NeedsAttention, looks)));
    }

    [Test]
    public async Task An_acceptance_by_hand_ends_the_doubt()
    {
        await ConnectAsync();
        Platform.Fault = Forbid;
        await PassAsync(Day);
        Platform.Fault = () => null;
        await Scene.Client.VerifyConnectionAsync(new VerifyConnectionRequest { Name = Scene.Name });
        Platform.Fault = Forbid;
        await PassAsync(SoonAgain);
        Assert.That(await StateAsync(), Is.EqualTo(ConnectionState.Active));
        await PassAsync(SoonAgain);
        Assert.That(await StateAsync(), Is.EqualTo(ConnectionState.NeedsAttention));
    }

    [Test]
    public async Task A_secret_that_cannot_be_decrypted_is_told_by_whoever_needs_it()
    {
        await ConnectAsync();
        await Scene.ExecuteAsync("UPDATE grants SET token = 'damaged'", Token);
        await PassAsync(Day);
        await PassAsync(LaterAgain);
        Assert.That(await StateAsync(), Is.EqualTo(ConnectionState.Active));
    }

    [Test]
    public async Task An_export_user_who_is_no_longer_administrator_is_told_until_that_is_over()
    {
        await ConnectAsync();
        var audited = (await AuditAsync()).Count;
        Harness.Roles.Assign(Scene.Environment, AdvertisingScene.Admin, Role.Contributor);
        await PassAsync(Day);
        Harness.Roles.Assign(Scene.Environment, AdvertisingScene.Admin, Role.Administrator);
        await PassAsync(TimeSpan.FromMinutes(1));
        Assert.That((await Scene.ConnectionAsync()).StateReason, Does.Contain("export user is no longer administrator"));
        var token = await Scene.StoredTokenAsync(Token);
        await PassAsync(Day);
        Assert.That(await StateAsync(), Is.EqualTo(ConnectionState.Active));
        Assert.That(await Scene.StoredTokenAsync(Token), Is.Not.EqualTo(token), "its grant was kept alive");
        Assert.That((await AuditAsync()).Skip(audited), Is.EqualTo(new[] { $"EXPORT_USER_INVALID service:connections {AdvertisingScene.Admin}", $"EXPORT_USER_VALID_AGAIN service:connections {AdvertisingScene.Admin}" }));
    }

    [Test]
    public async Task Accounts_are_those_that_the_grant_reaches_now()
    {
        await ConnectAsync();
        Platform.Accounts = """[{"Id":"2000002","ParentCustomerId":"1000001","Name":"Second shop","AccountLifeCycleStatus":"Active"}]""";
        await PassAsync(Day);
        Assert.That((await Scene.ConnectionAsync()).MicrosoftAdvertising.Accounts.Select(account => account.AccountId), Is.EqualTo(new[] { "2000002" }));
    }

    [Test]
    public async Task One_that_cannot_be_rechecked_does_not_keep_others_from_their_turn()
    {
        await ConnectAsync();
        await Scene.Client.CreateConnectionAsync(Scene.Request(await Scene.SignInAsync(Token), request => (request.ConnectionId, request.Connection.DisplayName) = ("zebra", "Others")));
        await Scene.ExecuteAsync("UPDATE connections SET type = 'pigeon-post' WHERE environment_id = @Environment AND connection_id = 'ads'", Token);
        Harness.Logs.Announce("ads could not be rechecked");
        _looks = 0;
        await PassAsync(Day);
        Assert.That(_looks, Is.EqualTo(1));
        await PassAsync(LaterAgain);
        Assert.That(Harness.Logs.Records.Count(record => record.Text.Contains("could not be rechecked", StringComparison.Ordinal)), Is.EqualTo(2), "it is tried again, not too often");
        Assert.That(_looks, Is.EqualTo(1));
    }

    private static IResult Forbid() => Results.Json(new { Errors = new[] { new { Code = 106, ErrorCode = "UserIsNotAuthorized" } } }, statusCode: 403);

    private async Task<Connection> ConnectAsync()
    {
        var connected = await Scene.ConnectAsync(Token);
        Platform.Before = form =>
        {
            Interlocked.Add(ref _looks, form["grant_type"] == "refresh_token" ? 1 : 0);
            return null;
        };
        return connected;
    }

    private async Task RenameAsync() => await Scene.Client.UpdateConnectionAsync(new UpdateConnectionRequest
    {
        Connection = new Connection { Name = Scene.Name, DisplayName = "Renamed" },
        UpdateMask = new FieldMask { Paths = { "display_name" } },
    });

    private async Task<ConnectionState> StateAsync() => (await Scene.ConnectionAsync()).State;

    /// <summary>
    /// Lets time pass, and waits until whatever fell due has happened. The loop may have gone to sleep just when the clock moved, so
    /// it is moved on, by less than anybody's patience: whoever is asked must not seem to be late.
    /// </summary>
    private async Task PassAsync(TimeSpan time)
    {
        await Eventually.TrueAsync(async () => await CountAsync("running = 0") == 1, "the last rechecks are over", cancellationToken: Token);
        Clock.Advance(time);
        await Eventually.TrueAsync(
            async () =>
            {
                var isAtRest = await CountAsync($"running = 0 AND next_at > {Clock.GetUtcNow().ToMicroseconds()}") == 1;
                if (!isAtRest && await CountAsync("running = 0") == 1)
                {
                    Clock.Advance(TimeSpan.FromMilliseconds(500));
                }

                return isAtRest;
            },
            "rechecks have caught up",
            cancellationToken: Token);
    }

    private async Task<int> CountAsync(string state) => (await Scene.QueryAsync($"SELECT job_key FROM jobs WHERE kind = 'recheck-connections' AND {state}", Token)).Count;

    private Task<IReadOnlyList<string>> AuditAsync() => Scene.QueryAsync(
        "SELECT action || ' ' || actor || COALESCE(' ' || detail, '') FROM audit WHERE environment_id = @Environment ORDER BY audit_id", Token);
}
