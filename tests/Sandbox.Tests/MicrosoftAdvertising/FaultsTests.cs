using System.IO.Compression;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.TestKit;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

public sealed class FaultsTests : MicrosoftAdvertisingFixture
{
    [TestCase(0, 500, "AdApiFaultDetail")]
    [TestCase(105, 401, "AdApiFaultDetail")]
    [TestCase(106, 403, "AdApiFaultDetail")]
    [TestCase(109, 401, "AdApiFaultDetail")]
    [TestCase(117, 429, "ApiFaultDetail")]
    [TestCase(4204, 429, "ApiFaultDetail")]
    [TestCase(8003, 400, "ApiFaultDetail")]
    public async Task Whole_request_is_refused_with_a_code(int code, int status, string type)
    {
        var list = await AddListAsync();
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Refuse, Code = code, Operation = MicrosoftAdvertisingOperations.ApplyCustomerListUserData, Count = 1 }, Token);
        var refused = await ApplyAsync(list, "Add", Hashes(1));
        Assert.That((refused.Status, Codes(refused).Single(), (string)refused.Json["Type"]!), Is.EqualTo((status, code, type)));
        Assert.That(await MembersAsync(list), Is.Empty);
        Assert.That((await ApplyAsync(list, "Add", Hashes(1))).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Status_of_a_refusal_can_be_chosen_and_the_request_may_take_effect()
    {
        var list = await AddListAsync();
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Refuse, Code = 117, RefusalStatus = 400, Commit = true }, Token);
        var refused = await ApplyAsync(list, "Add", Hashes(1));
        Assert.That((refused.Status, Codes(refused).Single()), Is.EqualTo((400, 117)));
        Assert.That(await MembersAsync(list), Is.EqualTo(Sorted(1)));
    }

    [TestCase(FaultKind.DropBefore, false)]
    [TestCase(FaultKind.DropAfter, true)]
    public async Task Connection_is_cut(FaultKind kind, bool committed)
    {
        await Control.AddFaultAsync(new FaultRule { Kind = kind, Operation = MicrosoftAdvertisingOperations.AddAudiences }, Token);
        Assert.That(async () => await AddListAsync(), Throws.InstanceOf<HttpRequestException>());
        Assert.That(await Control.ListsAsync(Token), Has.Count.EqualTo(committed ? 1 : 0));
        var entry = (await JournalAsync()).Single();
        Assert.That((entry.Operation, entry.Committed, entry.Answered, entry.Status), Is.EqualTo(("AddAudiences", committed, false, 0)));
    }

    [Test]
    public async Task Injected_429_tells_how_long_to_wait()
    {
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Status, Status = 429, RetryAfterSeconds = 30 }, Token);
        using var answer = await Client.GetAsync("identity/authorize", Token);
        Assert.That(answer.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(30)));
    }

    [Test]
    public async Task Status_delay_and_malformed_body_work_as_for_braze()
    {
        var list = await AddListAsync();
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Status, Status = 503, Count = 1 }, Token);
        Assert.That((await ApplyAsync(list, "Add", Hashes(1))).Status, Is.EqualTo(503));
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.MalformedBody, Count = 1 }, Token);
        var half = await ApplyAsync(list, "Add", Hashes(1));
        Assert.That(() => half.Json, Throws.InstanceOf<System.Text.Json.JsonException>());
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Delay, DelayMilliseconds = 5_000, Count = 1 }, Token);
        var slow = ApplyAsync(list, "Add", Hashes(2));
        await Eventually.TrueAsync(() => Clock.WaitingTimers > 0, "the sandbox waits");
        Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.That((await slow).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Lost_answer_to_an_upload_shows_at_the_next_attempt()
    {
        var list = await AddListAsync();
        await Control.LoseNextAnswerAsync(MicrosoftAdvertisingOperations.UploadBulkFile, Token);
        var (requestId, address) = await UploadUrlAsync();
        var rows = Header + ListRow(list, "Add") + ItemRows(list, 1);
        Assert.That(async () => await UploadAsync(address, rows), Throws.InstanceOf<HttpRequestException>());
        Assert.That((int)(await UploadAsync(address, rows)).Json["Code"]!, Is.EqualTo(3224));
        Assert.That((string)(await StatusAsync(requestId))["RequestStatus"]!, Is.EqualTo("Completed"));
        Assert.That(await MembersAsync(list), Is.EqualTo(Sorted(1)));
    }

    [TestCase("Failed")]
    [TestCase("UploadFileFormatNotSupported")]
    public async Task Upload_ends_as_the_fault_has_it_and_changes_nothing(string status)
    {
        var list = await AddListAsync();
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.EndUpload, RequestStatus = status, Count = 1 }, Token);
        var (told, _) = await UploadAllAsync(Header + ListRow(list, "Add") + ItemRows(list, 1));
        Assert.That(((string)told["RequestStatus"]!, (int)told["PercentComplete"]!, (string?)told["ResultFileUrl"]), Is.EqualTo((status, 0, (string?)null)));
        Assert.That(await MembersAsync(list), Is.Empty);
    }

    [Test]
    public async Task Upload_stays_in_progress_as_often_as_the_fault_says()
    {
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.HoldUpload, Count = 2 }, Token);
        var (requestId, address) = await UploadUrlAsync();
        await UploadAsync(address, Header);
        var told = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            told.Add((string)(await StatusAsync(requestId))["RequestStatus"]!);
        }

        Assert.That(told, Is.EqualTo(new[] { "InProgress", "InProgress", "Completed" }));
    }

    [TestCase(true, "row-2")]
    [TestCase(false, "")]
    public async Task Named_hash_fails_in_a_result(bool indexed, string clientId)
    {
        var list = await AddListAsync();
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Reject, Hashes = [Hash(2)], Code = 8006, Indexed = indexed }, Token);
        var (_, rows) = await UploadAllAsync(Header + ListRow(list, "Add") + ItemRows(list, 1, 2, 3));
        Assert.That(rows.Where(r => r["Error"].Length > 0).Select(r => (r["Error Number"], r["Client Id"])), Is.EqualTo(new[] { ("8006", clientId) }));
        Assert.That(await MembersAsync(list), Is.EqualTo(Sorted(1, 3)));
    }

    [Test]
    public async Task Drawn_items_fail_and_repeat_with_the_seed()
    {
        var list = await AddListAsync();
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Reject, Objects = 3, Operation = MicrosoftAdvertisingOperations.UploadBulkFile }, Token);
        var (_, rows) = await UploadAllAsync(Header + ListRow(list, "Add") + ItemRows(list, [.. Enumerable.Range(0, 50)]));
        Assert.That(rows.Count(r => r["Error"].Length > 0), Is.EqualTo(3));
        Assert.That(await MembersAsync(list), Has.Count.EqualTo(47));
    }

    [Test]
    public async Task Results_that_no_honest_vendor_sends()
    {
        var list = await AddListAsync();
        var file = Header + ListRow(list, "Add") + ItemRow(list, "row-1", "no hash");
        var none = await TamperedAsync(FaultKind.ResultWithoutRows, file);
        var extra = await TamperedAsync(FaultKind.ResultWithExtraRows, file);
        var nameless = await TamperedAsync(FaultKind.ResultWithoutClientIds, file);
        var traversal = await TamperedAsync(FaultKind.ResultPathTraversal, file);
        using var archive = new ZipArchive(new MemoryStream(traversal));
        Assert.Multiple(() =>
        {
            Assert.That(Rows(none), Is.Empty);
            Assert.That(Rows(extra).Select(r => $"{r["Type"]} {r["Client Id"]}"), Is.EqualTo(new[]
            {
                "Customer List Item row-1", "Customer List Item row-1", "Customer List Item Error row-1", "Customer List Item Error row-1",
                "Customer List Item never-sent-000001", "Customer List Item Error never-sent-000001",
            }));
            Assert.That(Rows(nameless).Select(r => (r["Client Id"], r["Text"])), Is.EqualTo(new[] { ("", "no hash"), ("", "no hash") }));
            Assert.That(archive.Entries.Single().FullName, Is.EqualTo("../../result.csv"));
        });
    }

    [Test]
    public async Task Zip_bomb_is_small_and_unpacks_to_a_gibibyte()
    {
        var bomb = await TamperedAsync(FaultKind.ResultZipBomb, Header);
        using var archive = new ZipArchive(new MemoryStream(bomb));
        Assert.That((bomb.Length < 20_000_000, archive.Entries.Single().Length), Is.EqualTo((true, 1024L * 1024 * 1024)));
    }

    [Test]
    public async Task Result_without_end()
    {
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.EndlessBody, Operation = MicrosoftAdvertisingOperations.DownloadBulkResult }, Token);
        var (requestId, address) = await UploadUrlAsync();
        await UploadAsync(address, Header);
        using var response = await Client.GetAsync((string)(await StatusAsync(requestId))["ResultFileUrl"]!, HttpCompletionOption.ResponseHeadersRead, Token);
        await using var body = await response.Content.ReadAsStreamAsync(Token);
        var buffer = new byte[5_000_000];
        Assert.That(await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, Token), Is.EqualTo(buffer.Length));
    }

    private async Task<byte[]> TamperedAsync(FaultKind kind, string file)
    {
        await Control.ClearFaultsAsync(Token);
        await Control.AddFaultAsync(new FaultRule { Kind = kind }, Token);
        var (requestId, address) = await UploadUrlAsync();
        await UploadAsync(address, file);
        return await Client.GetByteArrayAsync((string)(await StatusAsync(requestId))["ResultFileUrl"]!, Token);
    }
}
