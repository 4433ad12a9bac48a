using System.Security.Cryptography;
using System.Text;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze.Controlling;

public sealed class BrazeControlTests : SandboxFixture
{
    [Test]
    public async Task Users_are_paged_in_order()
    {
        foreach (var id in new[] { "c-10", "c-2", "b", "c-1" })
        {
            await TrackOneAsync($"{{'external_id':'{id}','x':1}}");
        }

        await TrackOneAsync("{'user_alias':{'alias_name':'n','alias_label':'l'},'_update_existing_only':false,'x':1},{'email':'a@example.com'}");
        var seen = new List<string?>();
        var next = "";
        do
        {
            var page = System.Text.Json.Nodes.JsonNode.Parse(await Client.GetStringAsync($"sandbox/braze/users?limit=2&after={next}", Token))!;
            Assert.That(page["users"]!.AsArray(), Has.Count.LessThanOrEqualTo(2));
            seen.AddRange(page["users"]!.AsArray().Select(u => (string?)u!["external_id"] ?? (string?)u["alias_name"] ?? (string?)u["attributes"]!["email"]));
            next = (string?)page["next"];
        }
        while (next is not null);

        Assert.That(seen, Is.EqualTo(new[] { "b", "c-1", "c-10", "c-2", "n", "a@example.com" }));
    }

    [Test]
    public async Task Lines_and_digest_do_not_depend_on_the_order_of_writing()
    {
        await TrackOneAsync("{'external_id':'ü','b':'\\u00fc','a':{ 'x': 1 }},{'external_id':'a','x':[1]}");
        var lines = await Client.GetStringAsync("sandbox/braze/users.ndjson", Token);
        var first = await Control.DigestAsync(Token);
        await Control.ResetAsync(Token);
        await TrackOneAsync("{'external_id':'a','x':{'add':[1]}},{'external_id':'ü','a':{'x':1}},{'external_id':'ü','b':'ü'}");
        var second = await Control.DigestAsync(Token);
        Assert.Multiple(() =>
        {
            Assert.That(lines, Is.EqualTo("{\"external_id\":\"a\",\"attributes\":{\"x\":[1]}}\n{\"external_id\":\"ü\",\"attributes\":{\"a\":{\"x\":1},\"b\":\"ü\"}}\n"));
            Assert.That(first, Is.EqualTo(new UsersDigest(2, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines))))));
            Assert.That(second, Is.EqualTo(first));
        });
    }

    [Test]
    public async Task Journal_tells_whom_each_request_was_about()
    {
        await TrackOneAsync("{'external_id':'c-1'},{'user_alias':{'alias_name':'n','alias_label':'l'}},{'email':'a@example.com'}");
        await SendAsync(HttpMethod.Get, "segments/list");
        var entries = await JournalAsync();
        await Assert.MultipleAsync(async () =>
        {
            Assert.That(entries.Select(e => $"{e.Sequence} {e.Method} {e.Route} {e.Status} {e.Attributes}"), Is.EqualTo(new[] { "1 POST /users/track 201 3", "2 GET /segments/list 200 0" }));
            Assert.That(entries[0].Objects!.Select(o => o.ExternalId ?? o.AliasName ?? o.Email), Is.EqualTo(new[] { "c-1", "n", "a@example.com" }));
            Assert.That(entries[0].Time, Is.EqualTo(Clock.GetUtcNow()));
            Assert.That(entries[0].Body, Is.Null);
            Assert.That((await JournalAsync(after: 1)).Single().Sequence, Is.EqualTo(2));
        });
    }

    [TestCase(JournalMode.Counts, false, false)]
    [TestCase(JournalMode.Ids, true, false)]
    [TestCase(JournalMode.Bodies, true, true)]
    public async Task Journal_keeps_as_much_as_it_is_told(JournalMode mode, bool ids, bool body)
    {
        await Control.SetAsync(new BrazeSettings { Journal = mode }, Token);
        await TrackOneAsync("{'external_id':'c-1'}");
        var entry = (await JournalAsync()).Single();
        Assert.That((entry.Attributes, entry.Objects is not null, entry.Body is not null), Is.EqualTo((1, ids, body)));
        Assert.That(entry.Body, body ? Is.EqualTo("{\"attributes\":[{\"external_id\":\"c-1\"}]}") : Is.Null);
    }

    [Test]
    public async Task Journal_never_keeps_the_key()
    {
        await Control.SetAsync(new BrazeSettings { Journal = JournalMode.Bodies }, Token);
        await SendAsync(HttpMethod.Post, "users/track", "{}", key: "secret-canary");
        Assert.That(await Client.GetStringAsync("sandbox/braze/journal", Token), Does.Not.Contain("secret-canary"));
    }

    [Test]
    public async Task Settings_change_one_by_one_and_unknown_ones_are_refused()
    {
        using var changed = await Client.PatchAsync("sandbox/braze/settings", new StringContent("{\"journal\":\"counts\"}"), Token);
        using var unknown = await Client.PatchAsync("sandbox/braze/settings", new StringContent("{\"journall\":\"counts\"}"), Token);
        using var senseless = await Client.PatchAsync("sandbox/braze/settings", new StringContent("{\"limits\":{\"track\":[{\"requests\":0,\"seconds\":1}]}}"), Token);
        var settings = await Control.GetSettingsAsync(Token);
        Assert.Multiple(() =>
        {
            Assert.That(((int)changed.StatusCode, (int)unknown.StatusCode, (int)senseless.StatusCode), Is.EqualTo((200, 400, 400)));
            Assert.That(settings.Journal, Is.EqualTo(JournalMode.Counts));
            Assert.That(settings.Limits[LimitGroup.Track], Is.EqualTo(new[] { new RateWindow(3_000, 3) }));
        });
    }

    [Test]
    public async Task Reset_forgets_what_happened_and_keeps_how_it_behaves()
    {
        await Control.SetAsync(new BrazeSettings { IndexedErrors = false }, Token);
        await InjectAsync(new FaultRule { Kind = FaultKind.Status, Skip = 100 });
        await TrackOneAsync("{'external_id':'c-1'}");
        await Control.ResetAsync(Token);
        var counters = await Control.CountersAsync(Token);
        await Assert.MultipleAsync(async () =>
        {
            Assert.That((counters.Users, counters.Requests), Is.EqualTo((0, 0L)));
            Assert.That(await JournalAsync(counters.LastSequence), Is.Empty);
            Assert.That(await Control.ListFaultsAsync(Token), Is.Empty);
            Assert.That((await Control.GetSettingsAsync(Token)).IndexedErrors, Is.False);
            Assert.That((await TrackAsync("{'attributes':[{'external_id':'c-1'}]}")).Status, Is.EqualTo(201));
        });
    }

    [Test]
    public async Task Counters_add_up()
    {
        await TrackAsync("{'attributes':[{'external_id':'c-1','x':1},{'external_id':'c-2','email':'nobody'}]}");
        await TrackAsync("{'attributes':[{'external_id':'c-1','x':2}]}");
        await TrackAsync("{}");
        var counters = await Control.CountersAsync(Token);
        Assert.Multiple(() =>
        {
            Assert.That(counters.RequestsByStatus, Is.EquivalentTo(new Dictionary<int, long> { [201] = 2, [400] = 1 }));
            Assert.That((counters.Requests, counters.ObjectsAccepted, counters.ObjectsRejected, counters.UsersCreated, counters.ObjectsChanging), Is.EqualTo((3L, 2L, 1L, 1L, 1L)));
        });
    }
}
