using System.Globalization;

namespace CustomerInsights.Sandbox.Braze.Tracking;

public sealed class TrackUsersTests : SandboxFixture
{
    private const string NoValidData = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.";

    [Test]
    public async Task Attributes_are_counted_and_kept()
    {
        var answer = await TrackAsync("{'attributes':[{'external_id':'c-1','email':'a@example.com','in_segment':true}],'partner':'x'}");
        await Assert.MultipleAsync(async () =>
        {
            Assert.That((answer.Status, answer.Quoted), Is.EqualTo((201, "{'attributes_processed':1,'message':'success'}")));
            Assert.That(await AttributesOfAsync("c-1"), Is.EqualTo("{'email':'a@example.com','in_segment':true}"));
        });
    }

    [Test]
    public async Task Each_array_that_was_sent_has_a_counter()
    {
        var answer = await TrackAsync("""
            {"purchases":[{"external_id":"c-1","product_id":"p","currency":"EUR","price":1.5,"time":"2026-01-01T00:00:00Z","quantity":2}],
             "events":[{"external_id":"c-1","name":"e","time":"2026-01-01T00:00:00Z"},{"external_id":"c-1","name":"e","time":"2026-01-01T00:00:00Z"}],
             "attributes":[]}
            """);
        var user = await Control.FindUserAsync("c-1", Token);
        Assert.Multiple(() =>
        {
            Assert.That(answer.Quoted, Is.EqualTo("{'attributes_processed':0,'events_processed':2,'purchases_processed':1,'message':'success'}"));
            Assert.That((user!.Events, user.Purchases), Is.EqualTo((2, 1)));
        });
    }

    [Test]
    public async Task Rejected_objects_are_named_by_array_and_index_and_create_nothing()
    {
        var answer = await TrackAsync("""
            {"attributes":[{"external_id":"c-0"},{"external_id":"c-1","email_subscribe":"yes"},{"external_id":"c-2"},
              {"external_id":"c-3","braze_id":"b"},{"external_id":"c-4","email":"nobody"},{"x":1},7],
             "events":[{"external_id":"c-5","name":"e","time":"2026-01-01T00:00:00Z"},{"external_id":"c-6","name":"e"}]}
            """);
        await Assert.MultipleAsync(async () =>
        {
            Assert.That(answer.Status, Is.EqualTo(201));
            Assert.That((int)answer.Json["attributes_processed"]!, Is.EqualTo(2));
            Assert.That((int)answer.Json["events_processed"]!, Is.EqualTo(1));
            Assert.That(answer.Json["errors"]!.AsArray().Select(e => $"{e!["input_array"]} {e["index"]} {e["type"]}"), Is.EqualTo(new[]
            {
                "attributes 1 'email_subscribe' must be 'subscribed', 'unsubscribed', or 'opted_in'",
                "attributes 3 You must specify only one of 'external_id', 'user_alias' or 'braze_id'",
                "attributes 4 The value provided for the 'email' field is not a valid email.",
                "attributes 5 'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required",
                "attributes 6 Every element must be an object.",
                "events 1 'time' is required",
            }));
            Assert.That(await Control.UsersAsync(Token).Select(u => u.ExternalId).ToListAsync(), Is.EqualTo(new[] { "c-0", "c-2", "c-5" }));
        });
    }

    [Test]
    public async Task Errors_lose_their_index_when_set_so()
    {
        await Control.SetAsync(new BrazeSettings { IndexedErrors = false }, Token);
        var answer = await TrackAsync("{'attributes':[{'external_id':'c-0'},{'external_id':'c-1','email':'nobody'}]}");
        Assert.That(answer.Json["errors"]!.AsArray().Single()!.AsObject().Select(p => p.Key), Is.EqualTo(new[] { "type" }));
    }

    [Test]
    public async Task All_objects_rejected_is_a_400_with_the_errors()
    {
        var answer = await TrackAsync("{'attributes':[{'external_id':'c-1','email':'nobody'}]}");
        await Assert.MultipleAsync(async () =>
        {
            Assert.That((answer.Status, answer.Message), Is.EqualTo((400, NoValidData)));
            Assert.That((int)answer.Json["errors"]![0]!["index"]!, Is.Zero);
            Assert.That(await AttributesOfAsync("c-1"), Is.Null);
            Assert.That((await JournalAsync()).Single().Committed, Is.False);
        });
    }

    [TestCase("{}")]
    [TestCase("{'attributes':[]}")]
    [TestCase("[]")]
    [TestCase("{'attributes':{}}")]
    public async Task Nothing_at_all_is_a_400_without_errors(string body)
    {
        var answer = await TrackAsync(body);
        Assert.That((answer.Status, answer.Message, answer.Json["errors"]), Is.EqualTo((400, NoValidData, (object?)null)));
    }

    [TestCase("")]
    [TestCase("{'attributes':[{'external_id':'c-1'}]")]
    [TestCase("{'attributes':[{'external_id':'c-1'}]} x")]
    [TestCase("{'attributes':[{'external_id':'\\ud800'}]}")]
    public async Task Broken_json_is_a_400_and_changes_nothing(string body)
    {
        var answer = await TrackAsync(body);
        Assert.That((answer.Status, answer.Message), Is.EqualTo((400, "Error while parsing request body. Please check your syntax.")));
        Assert.That((await Control.CountersAsync(Token)).Users, Is.Zero);
    }

    [Test]
    public async Task Invalid_utf8_is_broken_json()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "users/track") { Content = new ByteArrayContent([.. "{\"attributes\":[{\"external_id\":\""u8, 0xFF, .. "\"}]}"u8]) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.Add("Authorization", $"Bearer {Key}");
        using var answer = await Client.SendAsync(request, Token);
        Assert.That((int)answer.StatusCode, Is.EqualTo(400));
    }

    [TestCase(75, 0, false, 201)]
    [TestCase(76, 0, false, 400)]
    [TestCase(40, 36, false, 400)]
    [TestCase(75, 75, true, 201)]
    [TestCase(76, 1, true, 400)]
    public async Task At_most_75_objects_in_all_or_in_each_array_of_old_contracts(int attributes, int events, bool legacy, int expected)
    {
        await Control.SetAsync(new BrazeSettings { LegacyObjectLimit = legacy }, Token);
        var body = $"{{'attributes':[{Objects(attributes, "")}],'events':[{Objects(events, ",'name':'e','time':'2026-01-01T00:00:00Z'")}]}}";
        Assert.That((await TrackAsync(body)).Status, Is.EqualTo(expected));
    }

    [TestCase(1000, false, 201)]
    [TestCase(1001, false, 400)]
    [TestCase(101, true, 400)]
    public async Task Bulk_takes_a_thousand_objects_and_a_hundred_for_one_user(int objects, bool sameUser, int expected)
    {
        var body = $"{{'attributes':[{Objects(objects, "", sameUser)}]}}";
        Assert.That((await SendAsync(HttpMethod.Post, "users/track/bulk", body)).Status, Is.EqualTo(expected));
    }

    [TestCase(987, true)]
    [TestCase(988, false)]
    public async Task External_id_has_at_most_987_bytes(int bytes, bool accepted)
    {
        var id = new string('é', bytes / 2) + new string('x', bytes % 2);
        var answer = await TrackAsync($"{{'attributes':[{{'external_id':'{id}'}},{{'external_id':'other'}}]}}");
        Assert.That((string?)answer.Json["errors"]?[0]?["type"], Is.EqualTo(accepted ? null : "'external_id' must be fewer than 988 bytes"));
        Assert.That(await Control.FindUserAsync(id, Token), accepted ? Is.Not.Null : Is.Null);
    }

    [TestCase("a@example.com", true)]
    [TestCase("a.b+c@sub.example.com", true)]
    [TestCase("a@example", false)]
    [TestCase("a@@example.com", false)]
    [TestCase("@example.com", false)]
    [TestCase("a b@example.com", false)]
    [TestCase(".a@example.com", false)]
    [TestCase("a@example..com", false)]
    [TestCase("a@example.com.", false)]
    [TestCase("", false)]
    public async Task Address_must_have_the_shape_of_one(string address, bool accepted)
    {
        await TrackAsync($"{{'attributes':[{{'external_id':'c-1','email':'{address}'}},{{'external_id':'c-2'}}]}}");
        Assert.That(await AttributesOfAsync("c-1"), accepted ? Is.EqualTo($"{{'email':'{address}'}}") : Is.Null);
    }

    [TestCase("'external_id':'new'", 1)]
    [TestCase("'external_id':'new','_update_existing_only':true", 0)]
    [TestCase("'user_alias':{'alias_name':'n','alias_label':'l'}", 0)]
    [TestCase("'user_alias':{'alias_name':'n','alias_label':'l'},'_update_existing_only':false", 1)]
    [TestCase("'braze_id':'unknown','_update_existing_only':false", 0)]
    [TestCase("'email':'a@example.com'", 1)]
    [TestCase("'phone':'+15550100'", 1)]
    public async Task Unknown_user_is_created_or_ignored(string identifier, int created)
    {
        var answer = await TrackAsync($"{{'attributes':[{{{identifier},'x':1}}]}}");
        var counters = await Control.CountersAsync(Token);
        Assert.Multiple(() =>
        {
            Assert.That(answer.Quoted, Is.EqualTo("{'attributes_processed':1,'message':'success'}"));
            Assert.That((counters.Users, counters.ObjectsIgnored), Is.EqualTo((created, 1 - created)));
        });
    }

    [Test]
    public async Task Alias_user_is_found_again_by_label_and_name()
    {
        await TrackOneAsync("{'user_alias':{'alias_name':'n','alias_label':'l'},'_update_existing_only':false,'x':1}");
        await TrackOneAsync("{'user_alias':{'alias_name':'n','alias_label':'l'},'y':2}");
        await TrackOneAsync("{'user_alias':{'alias_name':'n','alias_label':'other'},'y':3}");
        Assert.That(Show(await Control.FindAliasAsync("l", "n", Token)), Is.EqualTo("{'x':1,'y':2}"));
    }

    [Test]
    public async Task Braze_id_finds_the_user()
    {
        await TrackOneAsync("{'external_id':'c-1','x':1}");
        var user = await Control.FindUserAsync("c-1", Token);
        await TrackOneAsync($"{{'braze_id':'{user!.BrazeId}','x':2}}");
        Assert.That(await AttributesOfAsync("c-1"), Is.EqualTo("{'x':2}"));
    }

    [Test]
    public async Task Email_stands_for_the_user_written_last_among_those_with_an_external_id()
    {
        await TrackOneAsync("{'external_id':'c-1','email':'same@example.com'}");
        await TrackOneAsync("{'external_id':'c-2','email':'same@example.com'}");
        await TrackOneAsync("{'user_alias':{'alias_name':'n','alias_label':'l'},'_update_existing_only':false,'email':'same@example.com'}");
        await TrackOneAsync("{'email':'same@example.com','phone':'+15550100','x':1}");
        Assert.That(await AttributesOfAsync("c-2"), Does.Contain("'x':1"));
    }

    [Test]
    public async Task Email_beside_an_external_id_is_an_attribute_and_finds_nobody()
    {
        await TrackOneAsync("{'external_id':'c-1','email':'same@example.com'}");
        await TrackOneAsync("{'external_id':'c-2','email':'same@example.com'}");
        Assert.That((await Control.CountersAsync(Token)).Users, Is.EqualTo(2));
    }

    [Test]
    public async Task Points_are_charged_for_every_attribute_even_when_nothing_changes()
    {
        await TrackOneAsync("{'external_id':'c-1','a':1,'b':null,'email_subscribe':'opted_in'}");
        await TrackOneAsync("{'external_id':'c-1','a':1,'b':null}");
        var counters = await Control.CountersAsync(Token);
        Assert.That((counters.DataPoints, counters.UsersCreated, counters.ObjectsChanging, counters.ObjectsUnchanging), Is.EqualTo((4L, 1L, 0L, 1L)));
    }

    private static string Objects(int count, string more, bool sameUser = false) =>
        string.Join(',', Enumerable.Range(0, count).Select(i => $"{{'external_id':'c-{(sameUser ? 0 : i).ToString(CultureInfo.InvariantCulture)}'{more}}}"));
}
