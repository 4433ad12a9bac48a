using System.Text;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

public sealed class BulkUploadTests : MicrosoftAdvertisingFixture
{
    [Test]
    public async Task File_takes_effect_and_its_status_says_so()
    {
        var list = await AddListAsync();
        await ApplyAsync(list, "Add", Hashes(1, 2));
        var (status, rows) = await UploadAllAsync(Header + ListRow(list, "Replace") + ItemRows(list, 3, 4, 2));
        Assert.Multiple(() =>
        {
            Assert.That(status.AsObject().Select(p => p.Key), Is.EqualTo(new[] { "Errors", "ForwardCompatibilityMap", "PercentComplete", "RequestStatus", "ResultFileUrl" }));
            Assert.That(((string)status["RequestStatus"]!, (int)status["PercentComplete"]!), Is.EqualTo(("Completed", 100)));
            Assert.That(rows, Is.Empty);
        });
        Assert.That(await MembersAsync(list), Is.EqualTo(Sorted(2, 3, 4)));
        await UploadAllAsync(Header + ListRow(list, "Remove") + ItemRows(list, 2, 3));
        Assert.That(await MembersAsync(list), Is.EqualTo(Sorted(4)));
        await UploadAllAsync(Header + ListRow(list, "Add") + ItemRows(list, 7));
        Assert.That(await MembersAsync(list), Is.EqualTo(Sorted(4, 7)));
    }

    // bulk-service/customer-list: a list row may stand alone, and Replace removes what there was before.
    [TestCase("Replace", 0)]
    [TestCase("Add", 2)]
    [TestCase("Remove", 2)]
    public async Task A_list_row_without_items_empties_the_list_when_it_replaces(string action, int left)
    {
        var list = await AddListAsync();
        await ApplyAsync(list, "Add", Hashes(1, 2));
        var (status, _) = await UploadAllAsync(Header + ListRow(list, action));
        Assert.That((string)status["RequestStatus"]!, Is.EqualTo("Completed"));
        Assert.That(await MembersAsync(list), Has.Exactly(left).Items);
    }

    [Test]
    public async Task Failing_rows_are_followed_by_error_rows()
    {
        var list = await AddListAsync();
        var (status, rows) = await UploadAllAsync(
            Header + ListRow(list, "Add") + ItemRow(list, "row-1", "a@example.com") + ItemRow(list, "row-2", Hash(2)) + ItemRow(list, "row-3", Hash(3), "Phone") + "Campaign,,,,c,,,,,,,,,,\r\n");
        Assert.Multiple(() =>
        {
            Assert.That((string)status["RequestStatus"]!, Is.EqualTo("CompletedWithErrors"));
            Assert.That(rows.Select(r => $"{r["Type"]}|{r["Client Id"]}|{r["Error"]}|{r["Error Number"]}"), Is.EqualTo(new[]
            {
                "Customer List Item|row-1||", "Customer List Item Error|row-1|EmailMustBeHashed|8004",
                "Customer List Item|row-3||", "Customer List Item Error|row-3|CustomerListItemSubTypeNotSupported|8002",
                "Campaign|c||", "Campaign Error|c|BulkServiceUnknownTypeForRow|4203",
            }));
            Assert.That(rows[0].Keys, Is.SupersetOf(new[] { "Field Path", "Error Detail", "Parent Id", "Text" }));
        });
        Assert.That(await MembersAsync(list), Is.EqualTo(Sorted(2)));
    }

    [Test]
    public async Task Unknown_list_is_4835_and_its_items_8000()
    {
        var (_, rows) = await UploadAllAsync(Header + ListRow(5, "Add") + ItemRows(5, 1));
        Assert.That(rows.Where(r => r["Error"].Length > 0).Select(r => $"{r["Type"]} {r["Error"]} {r["Error Number"]}"), Is.EqualTo(new[] { "Customer List Error InvalidAudienceId 4835", "Customer List Item Error InvalidCustomerListId 8000" }));
    }

    [Test]
    public async Task Items_without_their_list_row_are_8000()
    {
        var list = await AddListAsync();
        var (_, rows) = await UploadAllAsync(Header + ItemRows(list, 1));
        Assert.That(rows[1]["Error Number"], Is.EqualTo("8000"));
        Assert.That(await MembersAsync(list), Is.Empty);
    }

    [Test]
    public async Task Results_echo_every_row_when_asked_for()
    {
        var list = await AddListAsync();
        var (status, rows) = await UploadAllAsync(Header + ListRow(list, "Add") + ItemRows(list, 1, 2), "ErrorsAndResults");
        Assert.That((string)status["RequestStatus"]!, Is.EqualTo("Completed"));
        Assert.That(rows.Select(r => $"{r["Type"]} {r["Client Id"]} {r["Error"]}".Trim()), Is.EqualTo(new[] { "Customer List list-1", "Customer List Item row-1", "Customer List Item row-2" }));
    }

    [Test]
    public async Task New_list_renamed_list_and_deleted_list_by_file()
    {
        var (_, rows) = await UploadAllAsync(Header + ListRow(-1, "", name: "By file", duration: "90") + ItemRows(-1, 1, 2), "ErrorsAndResults");
        var made = (await Control.FindListAsync("By file", Token))!;
        Assert.That((made.Members, made.MembershipDuration, rows[0]["Id"]), Is.EqualTo((2, 90, $"{made.Id}")));
        await UploadAllAsync(Header + ListRow(made.Id, "Add", name: "Renamed", duration: "-1"));
        var renamed = (await Control.FindListAsync(made.Id, Token))!;
        Assert.That((renamed.Name, renamed.MembershipDuration, renamed.Members), Is.EqualTo(("Renamed", -1, 2)));
        await UploadAllAsync(Header + ListRow(made.Id, "", status: "Deleted"));
        Assert.That(await Control.FindListAsync(made.Id, Token), Is.Null);
    }

    [TestCase("False", true)]
    [TestCase("", false)]
    public async Task Terms_refuse_the_list_and_its_items(string term, bool accepted)
    {
        await Control.DefineAccountAsync(new AdAccount { CustomerId = 1_000_001, AccountId = 2_000_001, TermsAccepted = accepted }, Token);
        var list = await AddListAsync();
        var (_, rows) = await UploadAllAsync(Header + ListRow(list, "Add", term) + ItemRows(list, 1));
        Assert.That(rows.Where(r => r["Error"].Length > 0).Select(r => r["Error Number"]), Is.EqualTo(new[] { "8003", "8003" }));
        Assert.That(await MembersAsync(list), Is.Empty);
    }

    [Test]
    public async Task Address_works_once_and_for_a_quarter_of_an_hour()
    {
        var list = await AddListAsync();
        var (_, address) = await UploadUrlAsync();
        var rows = Header + ListRow(list, "Add") + ItemRows(list, 1);
        await UploadAsync(address, rows);
        var again = await UploadAsync(address, rows);
        var (requestId, late) = await UploadUrlAsync();
        Assert.That((string)(await StatusAsync(requestId))["RequestStatus"]!, Is.EqualTo("PendingFileUpload"));
        Clock.Advance(TimeSpan.FromMinutes(15));
        var expired = await UploadAsync(late, rows);
        var foreign = await UploadAsync($"{Server.Address}bulk-files/upload/nothing", rows);
        await Assert.MultipleAsync(async () =>
        {
            Assert.That(again.Json.AsObject().Select(p => p.Key), Is.EqualTo(new[] { "TrackingId", "RequestId", "Code", "ErrorCode", "Message" }));
            Assert.That((again.Status, (int)again.Json["Code"]!), Is.EqualTo((400, 3224)));
            Assert.That((expired.Status, (int)expired.Json["Code"]!), Is.EqualTo((400, 3226)));
            Assert.That((foreign.Status, (int)foreign.Json["Code"]!), Is.EqualTo((400, 3220)));
            Assert.That((string)(await StatusAsync(requestId))["RequestStatus"]!, Is.EqualTo("Expired"));
        });
    }

    [Test]
    public async Task Files_that_are_none_are_refused_and_the_address_stays_good()
    {
        var (_, address) = await UploadUrlAsync();
        var bytes = Encoding.UTF8.GetBytes(Header);
        var problems = new List<int>();
        foreach (var files in new (string, byte[])[][]
        {
            [],
            [("a.csv", bytes), ("b.csv", bytes)],
            [("a.txt", bytes)],
            [("a.zip", bytes)],
            [("a.zip", Zip(("a.txt", Header)))],
            [("a.zip", Zip(("a.csv", Header), ("b.csv", Header)))],
        })
        {
            problems.Add((int)(await UploadAsync(address, files)).Json["Code"]!);
        }

        Assert.That(problems, Is.EqualTo(new[] { 3221, 3222, 3223, 3223, 3223, 3222 }));
        Assert.That((await UploadAsync(address, Header, "rows.csv")).Status, Is.EqualTo(200));
    }

    [TestCase("Type,Id\r\nCustomer List,1\r\n")]
    [TestCase("Type,Name\r\nFormat Version,5.0\r\n")]
    [TestCase("Type,Name\r\nFormat Version,6.0\r\n\"open")]
    [TestCase("")]
    public async Task Unreadable_file_ends_as_not_supported(string rows)
    {
        var (requestId, address) = await UploadUrlAsync();
        await UploadAsync(address, rows);
        var status = await StatusAsync(requestId);
        Assert.That(((string)status["RequestStatus"]!, (int)status["PercentComplete"]!, (string?)status["ResultFileUrl"]), Is.EqualTo(("UploadFileFormatNotSupported", 0, (string?)null)));
    }

    [Test]
    public async Task Rows_above_the_cap_change_nothing()
    {
        var list = await AddListAsync();
        await Control.SetAsync(new MicrosoftAdvertisingSettings { MaxRows = 3 }, Token);
        var (requestId, address) = await UploadUrlAsync();
        await UploadAsync(address, Header + ListRow(list, "Add") + ItemRows(list, 1, 2, 3));
        var status = await StatusAsync(requestId);
        Assert.That(((string)status["RequestStatus"]!, (int)status["Errors"]![0]!["Code"]!), Is.EqualTo(("UploadFileRowCountExceeded", 3225)));
        Assert.That(await MembersAsync(list), Is.Empty);
        Assert.That((string)(await UploadAllAsync(Header + ListRow(list, "Add") + ItemRows(list, 1, 2))).Status["RequestStatus"]!, Is.EqualTo("Completed"));
    }

    [Test]
    public async Task Status_advances_with_the_clock_and_the_effect_comes_at_the_end()
    {
        var list = await AddListAsync();
        await Control.SetAsync(new MicrosoftAdvertisingSettings { ProcessingMillisecondsPerThousandRows = 1_000_000 }, Token);
        var (requestId, address) = await UploadUrlAsync();

        // Ten rows with header and version: ten seconds.
        await UploadAsync(address, Header + ListRow(list, "Add") + ItemRows(list, 1, 2, 3, 4, 5, 6, 7));
        var first = await StatusAsync(requestId);
        Clock.Advance(TimeSpan.FromSeconds(5));
        var half = await StatusAsync(requestId);
        var before = await MembersAsync(list);
        Clock.Advance(TimeSpan.FromSeconds(5));
        var done = await StatusAsync(requestId);
        Assert.Multiple(() =>
        {
            Assert.That(new[] { first, half, done }.Select(s => $"{s["RequestStatus"]} {s["PercentComplete"]}"), Is.EqualTo(new[] { "FileUploaded 0", "InProgress 50", "Completed 100" }));
            Assert.That(before, Is.Empty);
        });
        Assert.That(await MembersAsync(list), Has.Count.EqualTo(7));
    }

    [Test]
    public async Task Sixth_upload_at_once_has_to_wait()
    {
        var list = await AddListAsync();
        await Control.SetAsync(new MicrosoftAdvertisingSettings { ProcessingMillisecondsPerThousandRows = 1_000_000 }, Token);
        var addresses = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            addresses.Add((await UploadUrlAsync()).Address);
        }

        var rows = Header + ListRow(list, "Add") + ItemRows(list, 1);
        foreach (var address in addresses.Take(5))
        {
            Assert.That((await UploadAsync(address, rows)).Status, Is.EqualTo(200));
        }

        Assert.That((int)(await UploadAsync(addresses[5], rows)).Json["Code"]!, Is.EqualTo(3227));
        Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.That((await UploadAsync(addresses[5], rows)).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task Five_at_once_always_have_room()
    {
        var list = await AddListAsync();
        for (var round = 0; round < 10; round++)
        {
            var uploads = Enumerable.Range(0, 5).Select(async i => await UploadAsync((await UploadUrlAsync()).Address, Header + ListRow(list, "Add") + ItemRows(list, i)));
            Assert.That((await Task.WhenAll(uploads)).Select(a => a.Status), Has.All.EqualTo(200));
        }

        Assert.That(await MembersAsync(list), Has.Count.EqualTo(5));
    }

    [Test]
    public async Task Result_address_lives_five_minutes_and_the_file_fifteen()
    {
        var (requestId, address) = await UploadUrlAsync();
        await UploadAsync(address, Header);
        var first = (string)(await StatusAsync(requestId))["ResultFileUrl"]!;
        Assert.That(await GetAsync(first), Is.EqualTo(200));
        Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.That(await GetAsync(first), Is.EqualTo(404));
        var second = (string)(await StatusAsync(requestId))["ResultFileUrl"]!;
        Assert.That(await GetAsync(second), Is.EqualTo(200));
        Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.That(await GetAsync(second), Is.EqualTo(404));
        Assert.That((string?)(await StatusAsync(requestId))["ResultFileUrl"], Is.Null);
    }

    [Test]
    public async Task Upload_headers_are_checked()
    {
        var (_, address) = await UploadUrlAsync();
        var good = AccessToken;
        AccessToken = "wrong";
        var unknown = await UploadAsync(address, Header);
        AccessToken = good;
        await Control.ExpireAccessTokensAsync(Token);
        var expired = await UploadAsync(address, Header);
        AccessToken = (await Control.GrantAsync(Token)).AccessToken;
        AccountId = "2000009";
        var account = await UploadAsync(address, Header);
        Assert.That(new[] { unknown, expired, account }.Select(a => (a.Status, (int)a.Json["Code"]!)), Is.EqualTo(new[] { (401, 105), (401, 109), (403, 106) }));
    }

    [Test]
    public async Task Request_id_of_somebody_else_is_unknown()
    {
        var (requestId, _) = await UploadUrlAsync();
        await Control.DefineUserAsync(new AdUser { UserName = "other@example.com", UserId = 3_000_002, AccountIds = [2_000_001] }, Token);
        AccessToken = (await Control.GrantAsync(Token, "other@example.com")).AccessToken;
        Assert.That(Codes(await BulkAsync("BulkUploadStatus/Query", $"{{'RequestId':'{requestId}'}}")), Is.EqualTo(new[] { 4201 }));
    }

    [Test]
    public async Task Uploads_of_a_quarter_of_an_hour_are_counted()
    {
        await Control.SetAsync(new MicrosoftAdvertisingSettings { UploadsPerQuarterHour = 1 }, Token);
        await UploadUrlAsync();
        var refused = await BulkAsync("BulkUploadUrl/Query", "{'ResponseMode':'ErrorsOnly','AccountId':'2000001'}");
        Assert.That((refused.Status, Codes(refused).Single()), Is.EqualTo((429, 4204)));
        Clock.Advance(TimeSpan.FromMinutes(15));
        await UploadUrlAsync();
    }

    [Test]
    public async Task Tabs_separate_too()
    {
        var list = await AddListAsync();
        var (requestId, address) = await UploadUrlAsync();
        await UploadAsync(address, (Header + ListRow(list, "Add") + ItemRows(list, 1)).Replace(',', '\t'), "rows.tsv");
        Assert.That((string)(await StatusAsync(requestId))["RequestStatus"]!, Is.EqualTo("Completed"));
        Assert.That(await MembersAsync(list), Is.EqualTo(Sorted(1)));
    }

    [Test]
    public async Task One_action_governs_a_file()
    {
        var (one, two) = (await AddListAsync("One"), await AddListAsync("Two"));
        var (_, rows) = await UploadAllAsync(Header + ListRow(one, "Add") + ListRow(two, "Remove") + ItemRows(one, 1) + ItemRows(two, 1));
        Assert.That(rows.Where(r => r["Error"].Length > 0).Select(r => $"{r["Type"]} {r["Error Number"]}"), Is.EqualTo(new[] { "Customer List Error 8001", "Customer List Item Error 8001" }));
        Assert.That(await MembersAsync(one), Is.EqualTo(Sorted(1)));
    }

    [Test]
    public async Task A_hundred_thousand_rows_arrive_whole()
    {
        const int Rows = 100_000;
        var list = await AddListAsync();
        var rows = new StringBuilder(Header + ListRow(list, "Replace"));
        for (var i = 0; i < Rows; i++)
        {
            rows.Append(ItemRow(list, $"{i}", Hash(i)));
        }

        var (status, _) = await UploadAllAsync(rows.ToString());
        Assert.That((string)status["RequestStatus"]!, Is.EqualTo("Completed"));
        Assert.That(await MembersAsync(list), Is.EqualTo(Sorted([.. Enumerable.Range(0, Rows)])));
    }

    private async Task<int> GetAsync(string address)
    {
        using var answer = await Client.GetAsync(address, Token);
        return (int)answer.StatusCode;
    }
}
