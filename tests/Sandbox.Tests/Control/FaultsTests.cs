using System.Net.Http.Headers;
using CustomerInsights.Sandbox.Braze;
using CustomerInsights.TestKit;

namespace CustomerInsights.Sandbox.Control;

public sealed class FaultsTests : SandboxFixture
{
    private const string One = "{'attributes':[{'external_id':'c-1','x':1}]}";

    [TestCase(500)]
    [TestCase(502)]
    [TestCase(503)]
    [TestCase(504)]
    public async Task Status_refuses_before_anything_happened(int status)
    {
        var rule = await InjectAsync(new FaultRule { Kind = FaultKind.Status, Status = status, Count = 1 });
        var refused = await TrackAsync(One);
        var entry = (await JournalAsync()).Single();
        await Assert.MultipleAsync(async () =>
        {
            Assert.That(refused.Status, Is.EqualTo(status));
            Assert.That(await AttributesOfAsync("c-1"), Is.Null);
            Assert.That((entry.Status, entry.Committed, entry.Fault), Is.EqualTo((status, false, (int?)rule.Id)));
            Assert.That((await TrackAsync(One)).Status, Is.EqualTo(201), "its count is used up");
        });
    }

    [Test]
    public async Task Status_after_commit_leaves_the_effect()
    {
        await InjectAsync(new FaultRule { Kind = FaultKind.Status, Status = 504, Commit = true });
        Assert.That((await TrackAsync(One)).Status, Is.EqualTo(504));
        Assert.That(await AttributesOfAsync("c-1"), Is.EqualTo("{'x':1}"));
    }

    [TestCase(LimitDialect.Epoch)]
    [TestCase(LimitDialect.SecondsLeft)]
    public async Task Injected_429_has_the_headers_of_a_real_one(LimitDialect dialect)
    {
        await Control.SetAsync(new BrazeSettings { LimitDialect = dialect }, Token);
        await InjectAsync(new FaultRule { Kind = FaultKind.Status, Status = 429, RetryAfterSeconds = 30 });
        var answer = await TrackAsync(One);
        Assert.Multiple(() =>
        {
            Assert.That((answer.Status, answer.Message), Is.EqualTo((429, "Rate Limited")));
            Assert.That(
                dialect == LimitDialect.Epoch ? answer.Headers["X-RateLimit-Reset"] : answer.Headers["X-Ratelimit-Retry-After"],
                Is.EqualTo(dialect == LimitDialect.Epoch ? $"{Clock.GetUtcNow().ToUnixTimeSeconds() + 30}" : "30"));
        });
    }

    [TestCase(FaultKind.DropBefore, false)]
    [TestCase(FaultKind.DropAfter, true)]
    public async Task Dropped_connection_gives_no_answer(FaultKind kind, bool committed)
    {
        await InjectAsync(new FaultRule { Kind = kind });
        Assert.That(async () => await TrackAsync(One), Throws.InstanceOf<HttpRequestException>());
        var entry = (await JournalAsync()).Single();
        var counters = await Control.CountersAsync(Token);
        Assert.That((entry.Committed, entry.Answered, counters.Users, counters.UnansweredRequests), Is.EqualTo((committed, false, committed ? 1 : 0, 1L)));
    }

    [Test]
    public async Task Delay_lasts_as_long_as_the_clock_says()
    {
        await InjectAsync(new FaultRule { Kind = FaultKind.Delay, DelayMilliseconds = 5_000 });
        var answer = TrackAsync(One);
        await Eventually.TrueAsync(() => Clock.WaitingTimers > 0, "the sandbox waits");
        Assert.That(await AttributesOfAsync("c-1"), Is.Null);
        Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.That((await answer).Status, Is.EqualTo(201));
    }

    [Test]
    public async Task Slow_answer_comes_byte_by_byte()
    {
        await InjectAsync(new FaultRule { Kind = FaultKind.SlowDrip, DelayMilliseconds = 1_000 });
        var answer = TrackAsync(One);
        await Eventually.TrueAsync(
            () =>
            {
                Clock.Advance(TimeSpan.FromSeconds(1));
                return answer.IsCompleted;
            },
            "the whole answer has come");
        Assert.That((await answer).Quoted, Is.EqualTo("{'attributes_processed':1,'message':'success'}"));
    }

    [Test]
    public async Task Stalled_answer_stops_halfway_when_the_request_took_effect_and_comes_in_the_end()
    {
        await InjectAsync(new FaultRule { Kind = FaultKind.Stall, DelayMilliseconds = 5_000 });
        var answer = TrackAsync(One);
        await Eventually.TrueAsync(() => Clock.WaitingTimers > 0, "the sandbox waits");
        Assert.That((answer.IsCompleted, await AttributesOfAsync("c-1")), Is.EqualTo((false, "{'x':1}")));
        Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.That((await answer).Quoted, Is.EqualTo("{'attributes_processed':1,'message':'success'}"));
    }

    [Test]
    public async Task Malformed_answer_is_no_json_although_the_request_took_effect()
    {
        await InjectAsync(new FaultRule { Kind = FaultKind.MalformedBody });
        var answer = await TrackAsync(One);
        Assert.That(() => answer.Json, Throws.InstanceOf<System.Text.Json.JsonException>());
        Assert.That(await AttributesOfAsync("c-1"), Is.EqualTo("{'x':1}"));
    }

    [Test]
    public async Task Endless_answer_goes_on_until_the_client_has_enough()
    {
        await InjectAsync(new FaultRule { Kind = FaultKind.EndlessBody });
        using var request = new HttpRequestMessage(HttpMethod.Post, "users/track") { Content = new StringContent(One.Replace('\'', '"'), new MediaTypeHeaderValue("application/json")) };
        request.Headers.Add("Authorization", $"Bearer {Key}");
        using var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        await using var body = await response.Content.ReadAsStreamAsync(Token);
        var buffer = new byte[10_000_000];
        Assert.That(await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, Token), Is.EqualTo(buffer.Length));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Named_external_ids_are_rejected_with_the_reason(bool indexed)
    {
        await InjectAsync(new FaultRule { Kind = FaultKind.Reject, ExternalIds = ["c-2", "c-9"], Reason = "Not this one", Indexed = indexed });
        var answer = await TrackAsync("{'attributes':[{'external_id':'c-1'},{'external_id':'c-2'},{'external_id':'c-3'}]}");
        var error = answer.Json["errors"]!.AsArray().Single()!;
        await Assert.MultipleAsync(async () =>
        {
            Assert.That((int)answer.Json["attributes_processed"]!, Is.EqualTo(2));
            Assert.That(((string)error["type"]!, (int?)error["index"]), Is.EqualTo(("Not this one", indexed ? (int?)1 : null)));
            Assert.That(await AttributesOfAsync("c-2"), Is.Null);
            Assert.That((await JournalAsync()).Single().Objects!.Where(o => o.Rejected).Select(o => o.ExternalId), Is.EqualTo(new[] { "c-2" }));
        });
    }

    [Test]
    public async Task Unnamed_objects_are_drawn_by_the_seed()
    {
        await InjectAsync(new FaultRule { Kind = FaultKind.Reject, Objects = 3 });
        var body = $"{{'attributes':[{string.Join(',', Enumerable.Range(0, 20).Select(i => $"{{'external_id':'c-{i}'}}"))}]}}";
        var first = Indexes(await TrackAsync(body));
        await Control.ResetAsync(Token);
        await InjectAsync(new FaultRule { Kind = FaultKind.Reject, Objects = 3 });
        var second = Indexes(await TrackAsync(body));
        Assert.That(first.Distinct().Count(), Is.EqualTo(3));
        Assert.That(second, Is.EqualTo(first));
    }

    [Test]
    public async Task Skip_every_and_count_choose_requests()
    {
        await InjectAsync(new FaultRule { Kind = FaultKind.Status, Status = 500, Skip = 2, Every = 3, Count = 2 });
        var statuses = new List<int>();
        for (var i = 0; i < 14; i++)
        {
            statuses.Add((await TrackAsync(One)).Status);
        }

        Assert.That(Enumerable.Range(0, 14).Where(i => statuses[i] == 500), Is.EqualTo(new[] { 4, 7 }));
    }

    [Test]
    public async Task Route_and_body_narrow_a_fault()
    {
        await InjectAsync(new FaultRule { Kind = FaultKind.Status, Route = "/users/track", BodyContains = "\"c-17\"" });
        Assert.That((await TrackAsync("{'attributes':[{'external_id':'c-17'}]}")).Status, Is.EqualTo(503));
        Assert.That((await TrackAsync("{'attributes':[{'external_id':'c-1'}]}")).Status, Is.EqualTo(201));
        Assert.That((await SendAsync(HttpMethod.Post, "users/delete", "{'external_ids':['c-17']}")).Status, Is.EqualTo(200));
    }

    [Test]
    public void Same_seed_hits_the_same_requests()
    {
        var plans = new[] { new FaultPlan(42), new FaultPlan(42), new FaultPlan(43) };
        var hits = plans.Select(plan =>
        {
            plan.Add(new FaultRule { Kind = FaultKind.Status, Probability = 0.3 });
            return string.Concat(Enumerable.Range(0, 200).Select(_ => plan.Decide("/users/track", []).Ending is null ? '.' : 'x'));
        }).ToList();
        Assert.Multiple(() =>
        {
            Assert.That(hits[1], Is.EqualTo(hits[0]));
            Assert.That(hits[2], Is.Not.EqualTo(hits[0]));
            Assert.That(hits[0].Count(c => c == 'x'), Is.InRange(40, 80));
        });
    }

    [Test]
    public async Task Bad_rule_is_refused_with_everything_wrong()
    {
        using var answer = await Client.PostAsync("sandbox/braze/faults", new StringContent("{\"kind\":\"status\",\"status\":99,\"probability\":2,\"every\":0}"), Token);
        var text = await answer.Content.ReadAsStringAsync(Token);
        Assert.That((int)answer.StatusCode, Is.EqualTo(400));
        Assert.That(text, Does.Contain("status must").And.Contain("probability must").And.Contain("every"));
    }

    [TestCase("{\"kind\":\"result_zip_bomb\"}")]
    [TestCase("{\"kind\":\"status\",\"operation\":\"AddAudiences\"}")]
    public async Task Rule_of_the_other_vendor_is_refused(string rule)
    {
        using var answer = await Client.PostAsync("sandbox/braze/faults", new StringContent(rule), Token);
        Assert.That((int)answer.StatusCode, Is.EqualTo(400));
    }

    private static List<int> Indexes(Answer answer) => [.. answer.Json["errors"]!.AsArray().Select(e => (int)e!["index"]!)];
}
