using System.IO.Compression;

namespace CustomerInsights.Sandbox.Braze.Reading;

public sealed class ExportTests : SandboxFixture
{
    private static readonly BrazeSegment Vips = new() { Id = "seg-1", Name = "VIPs", Attribute = "vip" };

    [Test]
    public async Task Users_are_exported_by_any_identifier_with_the_wanted_fields()
    {
        await TrackOneAsync("{'external_id':'c-1','email':'a@example.com','vip':true}");
        await TrackOneAsync("{'user_alias':{'alias_name':'n','alias_label':'l'},'_update_existing_only':false,'first_name':'A'}");
        var answer = await SendAsync(HttpMethod.Post, "users/export/ids", """
            {"external_ids":["c-1","gone"],"user_aliases":[{"alias_name":"n","alias_label":"l"}],"email_address":"a@example.com",
             "fields_to_export":["external_id","email","user_aliases","custom_attributes"]}
            """);
        Assert.That((answer.Status, answer.Quoted), Is.EqualTo((201,
            "{'message':'success','users':[{'external_id':'c-1','email':'a@example.com','custom_attributes':{'vip':true}},"
            + "{'user_aliases':[{'alias_name':'n','alias_label':'l'}],'custom_attributes':{}},"
            + "{'external_id':'c-1','email':'a@example.com','custom_attributes':{'vip':true}}],'invalid_user_ids':['gone']}")));
    }

    [TestCase("{'external_ids':['c-1']}", 400)]
    [TestCase("{'fields_to_export':['external_id']}", 400)]
    [TestCase("{'external_ids':'c-1','fields_to_export':['external_id']}", 400)]
    [TestCase("[]", 400)]
    public async Task Bad_export_is_a_400(string body, int expected) =>
        Assert.That((await SendAsync(HttpMethod.Post, "users/export/ids", body)).Status, Is.EqualTo(expected));

    [Test]
    public async Task More_than_fifty_users_are_a_400()
    {
        var ids = string.Join(',', Enumerable.Range(0, 51).Select(i => $"'c-{i}'"));
        Assert.That((await SendAsync(HttpMethod.Post, "users/export/ids", $"{{'external_ids':[{ids}],'fields_to_export':['external_id']}}")).Status, Is.EqualTo(400));
    }

    [Test]
    public async Task Old_customers_need_not_name_fields()
    {
        await Control.SetAsync(new BrazeSettings { RequireFieldsToExport = false }, Token);
        await TrackOneAsync("{'external_id':'c-1','x':1}");
        Assert.That((await SendAsync(HttpMethod.Post, "users/export/ids", "{'external_ids':['c-1']}")).Quoted, Does.Contain("'custom_attributes':{'x':1}"));
    }

    [Test]
    public async Task Reads_lag_behind_writes_when_set_so()
    {
        await TrackOneAsync("{'external_id':'c-1','x':1}");
        await Control.SetAsync(new BrazeSettings { VisibilityDelayMilliseconds = 3_000 }, Token);
        await TrackOneAsync("{'external_id':'c-1','x':2},{'external_id':'c-2','x':2}");
        Clock.Advance(TimeSpan.FromSeconds(2));
        await TrackOneAsync("{'external_id':'c-1','x':3}");
        var seen = new List<string> { await SeenAsync() };
        Clock.Advance(TimeSpan.FromSeconds(1));
        seen.Add(await SeenAsync());
        Clock.Advance(TimeSpan.FromSeconds(2));
        seen.Add(await SeenAsync());
        Assert.That(seen, Is.EqualTo(new[] { "1", "2 2", "3 2" }));
        Assert.That(await AttributesOfAsync("c-1"), Is.EqualTo("{'x':3}"), "the control API never lags");

        async Task<string> SeenAsync()
        {
            var answer = await SendAsync(HttpMethod.Post, "users/export/ids", "{'external_ids':['c-1','c-2'],'fields_to_export':['custom_attributes']}");
            return string.Join(' ', answer.Json["users"]!.AsArray().Select(u => u!["custom_attributes"]!["x"]!.ToString()));
        }
    }

    [Test]
    public async Task Segments_are_listed_and_described()
    {
        await Control.DefineSegmentAsync(Vips, Token);
        var list = await SendAsync(HttpMethod.Get, "segments/list?page=0&sort_direction=desc");
        var details = await SendAsync(HttpMethod.Get, "segments/details?segment_id=seg-1");
        await Assert.MultipleAsync(async () =>
        {
            Assert.That(list.Quoted, Is.EqualTo("{'message':'success','segments':[{'id':'seg-1','name':'VIPs','analytics_tracking_enabled':false,'tags':[]}]}"));
            Assert.That(details.Quoted, Does.Contain("'name':'VIPs'").And.Contain("'text_description':'vip is true'"));
            Assert.That((await SendAsync(HttpMethod.Get, "segments/details?segment_id=other")).Status, Is.EqualTo(400));
            Assert.That((await SendAsync(HttpMethod.Get, "segments/list?page=1")).Quoted, Does.Contain("'segments':[]"));
        });
    }

    [Test]
    public async Task Segment_export_leads_to_a_zip_of_its_members()
    {
        await Control.DefineSegmentAsync(Vips, Token);
        await Control.SetAsync(new BrazeSettings { ExportDelayMilliseconds = 60_000 }, Token);
        await TrackOneAsync("{'external_id':'c-1','vip':true,'x':1},{'external_id':'c-2','vip':false},{'external_id':'c-3','vip':true}");
        const string Order = "{'segment_id':'seg-1','fields_to_export':['external_id','custom_attributes'],'custom_attributes_to_export':['vip']}";
        var ordered = await SendAsync(HttpMethod.Post, "users/export/segment", Order);
        var twice = await SendAsync(HttpMethod.Post, "users/export/segment", Order);
        var url = (string)ordered.Json["url"]!;
        var early = (await SendAsync(HttpMethod.Get, url)).Status;
        Clock.Advance(TimeSpan.FromMinutes(1));
        var lines = await LinesAsync(url);
        Clock.Advance(TimeSpan.FromHours(4));
        await Assert.MultipleAsync(async () =>
        {
            Assert.That((ordered.Status, twice.Status, early), Is.EqualTo((200, 400, 404)));
            Assert.That(lines, Is.EqualTo(new[] { "{\"external_id\":\"c-1\",\"custom_attributes\":{\"vip\":true}}", "{\"external_id\":\"c-3\",\"custom_attributes\":{\"vip\":true}}" }));
            Assert.That((await SendAsync(HttpMethod.Get, url)).Status, Is.EqualTo(404), "it expires");
        });
    }

    [TestCase("{'external_ids':['c-1','gone']}", 200, 1)]
    [TestCase("{'user_aliases':[{'alias_name':'n','alias_label':'l'}]}", 200, 1)]
    [TestCase("{'email_addresses':[{'email':'a@example.com','prioritization':['unidentified']}]}", 200, 1)]
    [TestCase("{'external_ids':['c-1'],'braze_ids':['x']}", 400, 0)]
    [TestCase("{'external_ids':[]}", 400, 0)]
    public async Task Users_are_deleted_by_one_kind_of_identifier(string body, int status, int deleted)
    {
        await TrackOneAsync("{'external_id':'c-1','email':'a@example.com'},{'user_alias':{'alias_name':'n','alias_label':'l'},'_update_existing_only':false,'x':1}");
        var answer = await SendAsync(HttpMethod.Post, "users/delete", body);
        await Assert.MultipleAsync(async () =>
        {
            Assert.That(answer.Status, Is.EqualTo(status));
            Assert.That((int?)answer.Json["deleted"] ?? 0, Is.EqualTo(deleted));
            Assert.That((await Control.CountersAsync(Token)).Users, Is.EqualTo(2 - deleted));
        });
    }

    [Test]
    public async Task Active_users_are_counted_by_day()
    {
        await TrackOneAsync("{'external_id':'c-1','x':1}");
        var answer = await SendAsync(HttpMethod.Get, "kpi/mau/data_series?length=2");
        Assert.That(answer.Quoted, Is.EqualTo("{'message':'success','data':[{'time':'2026-01-04','mau':1},{'time':'2026-01-05','mau':1}]}"));
        Assert.That((await SendAsync(HttpMethod.Get, "kpi/mau/data_series?length=0")).Status, Is.EqualTo(400));
    }

    private async Task<List<string>> LinesAsync(string url)
    {
        await using var zip = new ZipArchive(new MemoryStream(await Client.GetByteArrayAsync(url, Token)));
        using var reader = new StreamReader(await zip.Entries.Single().OpenAsync(Token));
        return [.. (await reader.ReadToEndAsync(Token)).TrimEnd('\n').Split('\n')];
    }
}
