using System.Security.Cryptography;
using System.Text;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;

public sealed class MicrosoftAdvertisingControlTests : MicrosoftAdvertisingFixture
{
    [Test]
    public async Task Lists_and_members_of_somebody_else()
    {
        var list = await Control.CreateListAsync(new NewList { Name = "Foreign", MembershipDuration = -1 }, Token);
        await Control.AddMembersAsync(list.Id, [Hash(2), Hash(1)], Token);
        var digest = await Control.DigestAsync(list.Id, Token);
        Assert.That(await MembersAsync(list.Id), Is.EqualTo(Sorted(1, 2)));
        Assert.That(digest, Is.EqualTo(new MembersDigest(2, Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(Sorted(1, 2).Select(h => h + "\n"))))))));
        Assert.That(Codes(await CampaignAsync(HttpMethod.Post, "Audiences", "{'Audiences':[{'Type':'CustomerList','Name':'Foreign'}]}")), Is.EqualTo(new[] { 4853 }));
        Assert.That((await Control.FindListAsync("Foreign", Token))!.Id, Is.EqualTo(list.Id));
        Assert.That(await Control.FindListAsync(5, Token), Is.Null);
    }

    [TestCase(JournalMode.Counts, false, false)]
    [TestCase(JournalMode.Ids, true, false)]
    [TestCase(JournalMode.Bodies, true, true)]
    public async Task Journal_keeps_as_much_as_it_is_told(JournalMode mode, bool hashes, bool body)
    {
        await Control.SetAsync(new MicrosoftAdvertisingSettings { Journal = mode }, Token);
        var list = await AddListAsync();
        await ApplyAsync(list, "Remove", $"'x',{Hashes(1, 2)}");
        await UploadAllAsync(Header + ListRow(list, "Replace") + ItemRows(list, 3));
        var entries = await JournalAsync();
        var applied = entries[1];
        var processed = entries.Single(e => e.Operation == MicrosoftAdvertisingOperations.ProcessBulkFile);
        Assert.Multiple(() =>
        {
            Assert.That(entries.Select(e => e.Operation), Is.EqualTo(new[]
            {
                "AddAudiences", "ApplyCustomerListUserData", "GetBulkUploadUrl", "UploadBulkFile", "ProcessBulkFile", "GetBulkUploadStatus", "DownloadBulkResult",
            }));
            Assert.That((applied.ListId, applied.Action, applied.Items, applied.Accepted, applied.Rejected, applied.Committed), Is.EqualTo(((long?)list, "Remove", 3, 2, 1, true)));
            Assert.That(applied.Errors, Is.EqualTo(new[] { 8004 }));
            Assert.That((processed.ListId, processed.Action, processed.Items, processed.RequestId), Is.EqualTo(((long?)list, "Replace", 1, entries[3].RequestId)));
            Assert.That(applied.Hashes, hashes ? Is.EqualTo(new[] { Hash(1), Hash(2) }) : Is.Null);
            Assert.That(processed.Hashes, hashes ? Is.EqualTo(new[] { Hash(3) }) : Is.Null);
            Assert.That((applied.Body is not null, entries[3].Body), Is.EqualTo((body, (string?)null)));
        });
    }

    [TestCase("'AcceptCustomerMatchTerm':true,", "True", true)]
    [TestCase("", "", null)]
    public async Task Journal_tells_what_was_said_about_the_terms(string member, string column, bool? expected)
    {
        var list = await AddListAsync();
        await ApplyAsync(list, "Add", Hashes(1), member);
        await UploadAllAsync(Header + ListRow(list, "Add", column) + ItemRows(list, 1));
        var said = (await JournalAsync()).Where(e => e.Operation is "ApplyCustomerListUserData" or "ProcessBulkFile").Select(e => e.AcceptsTerms);
        Assert.That(said, Is.EqualTo(new[] { expected, expected }));
    }

    [Test]
    public async Task Counters_add_up()
    {
        var list = await AddListAsync();
        await ApplyAsync(list, "Add", $"'x',{Hashes(1, 2)}");
        await UploadAllAsync(Header + ListRow(list, "Add") + ItemRows(list, 2, 3) + ItemRow(list, "row", "x"));
        var counters = await Control.CountersAsync(Token);
        Assert.Multiple(() =>
        {
            Assert.That((counters.Lists, counters.Members, counters.RowsApplied, counters.RowsRejected, counters.Uploads), Is.EqualTo((1, 3L, 4L, 2L, 1L)));
            Assert.That((counters.Requests, counters.RequestsByStatus[200], counters.LastSequence), Is.EqualTo((6L, 6L, 7L)));
            Assert.That(counters.RequestsByOperation["ApplyCustomerListUserData"], Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Reset_forgets_what_happened_and_keeps_who_may_what()
    {
        await Control.SetAsync(new MicrosoftAdvertisingSettings { StrictRotation = true }, Token);
        await AddListAsync();
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Refuse, Skip = 100 }, Token);
        await Control.ResetAsync(Token);
        var counters = await Control.CountersAsync(Token);
        await Assert.MultipleAsync(async () =>
        {
            Assert.That((counters.Lists, counters.Requests), Is.EqualTo((0, 0L)));
            Assert.That(await Control.ListFaultsAsync(Token), Is.Empty);
            Assert.That((await Control.GetSettingsAsync(Token)).StrictRotation, Is.True);
            Assert.That(await AddListAsync(), Is.Positive);
        });
    }

    [Test]
    public async Task Faults_of_uploads_know_their_operation()
    {
        var held = await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.HoldUpload }, Token);
        var bomb = await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.ResultZipBomb }, Token);
        Assert.That((held.Operation, bomb.Operation), Is.EqualTo(("GetBulkUploadStatus", "DownloadBulkResult")));
    }

    [TestCase("PATCH", "settings", "{'journall':'counts'}")]
    [TestCase("PATCH", "settings", "{'max_rows':0}")]
    [TestCase("POST", "lists", "{'name':''}")]
    [TestCase("POST", "lists", "{'name':'x','account_id':5}")]
    [TestCase("POST", "lists/5/members", "{'hashes':['x']}")]
    [TestCase("POST", "grants", "{'user_name':'nobody'}")]
    [TestCase("POST", "accounts", "{'account_id':5}")]
    [TestCase("POST", "users", "{'user_id':5}")]
    [TestCase("POST", "faults", "{'kind':'refuse','refusal_status':9}")]
    [TestCase("POST", "faults", "{'kind':'refuse','operation':'AddAudience'}")]
    public async Task Senseless_is_refused(string method, string path, string body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "sandbox/microsoft-advertising/" + path) { Content = new StringContent(body.Replace('\'', '"')) };
        Assert.That((await SendAsync(request)).Status, Is.EqualTo(400));
    }
}
