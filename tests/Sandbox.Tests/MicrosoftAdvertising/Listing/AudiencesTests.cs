namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

public sealed class AudiencesTests : MicrosoftAdvertisingFixture
{
    [Test]
    public async Task Failed_positions_are_null_and_errors_tell_the_index()
    {
        var answer = await CampaignAsync(HttpMethod.Post, "Audiences", $$"""
            {'Audiences':[
              {'Type':'CustomerList','Name':'VIP','Description':'d','MembershipDuration':390,'Scope':'Account','ParentId':'2000001'},
              {'Type':'CustomerList','Name':'vip'},
              {'Type':'CustomerList','Name':'{{new string('x', 129)}}'},
              {'Type':'CustomerList','Name':'Long','MembershipDuration':391},
              {'Type':'CustomerList','Name':'Elsewhere','Scope':'Account','ParentId':'9'},
              {'Type':'CustomerList','Name':'Scoped','Scope':'World'},
              {'Type':'RemarketingList','Name':'Other'},
              {'Type':'CustomerList','Name':'Ever','MembershipDuration':-1,'Scope':'Customer','ParentId':'1000001'}]}
            """);
        var lists = await Control.ListsAsync(Token);
        Assert.Multiple(() =>
        {
            Assert.That(answer.Json["AudienceIds"]!.AsArray().Select(i => (string?)i), Is.EqualTo(new[] { "819689004", null, null, null, null, null, null, "819689005" }));
            Assert.That(answer.Json["PartialErrors"]!.AsArray().Select(e => ((int)e!["Index"]!, (int)e["Code"]!)), Is.EqualTo(new[] { (1, 4853), (2, 4838), (3, 4842), (4, 4848), (5, 4849), (6, 4859) }));
            Assert.That(answer.TrackingId, Is.Not.Null);
            Assert.That(lists.Select(l => (l.Name, l.MembershipDuration, l.Scope)), Is.EqualTo(new[] { ("VIP", 390, ListScope.Account), ("Ever", -1, ListScope.Customer) }));
        });
    }

    [Test]
    public async Task Partial_error_has_all_members()
    {
        await AddListAsync();
        var answer = await CampaignAsync(HttpMethod.Post, "Audiences", "{'Audiences':[{'Type':'CustomerList','Name':'VIP'}]}");
        Assert.That(answer.Json["PartialErrors"]![0]!.AsObject().Select(p => p.Key), Is.EqualTo(new[] { "Code", "Details", "ErrorCode", "FieldPath", "ForwardCompatibilityMap", "Index", "Message", "Type" }));
    }

    [Test]
    public async Task Found_list_has_all_members()
    {
        var id = await AddListAsync();
        var answer = await CampaignAsync(HttpMethod.Post, "Audiences/QueryByIds", $"{{'AudienceIds':['{id}','5'],'Type':'CustomerList','ReturnAdditionalFields':null}}");
        Assert.Multiple(() =>
        {
            Assert.That(answer.Json["Audiences"]![0]!.ToJsonString().Replace('"', '\''), Is.EqualTo(
                $"{{'AudienceNetworkSize':null,'CustomerShare':null,'Description':null,'ForwardCompatibilityMap':[],'Id':'{id}','MembershipDuration':30,'Name':'VIP','ParentId':'2000001',"
                + "'Scope':'Account','SearchSize':null,'SupportedCampaignTypes':['Audience','DynamicSearchAds','Search','Shopping'],'Type':'CustomerList'}"));
            Assert.That(answer.Json["Audiences"]![1], Is.Null);
            Assert.That(((int)answer.Json["PartialErrors"]![0]!["Code"]!, (int)answer.Json["PartialErrors"]![0]!["Index"]!), Is.EqualTo((4835, 1)));
        });
    }

    [TestCase("{'AudienceIds':null,'Type':'CustomerList'}", 200)]
    [TestCase("{'Type':'RemarketingList CustomerList'}", 200)]
    [TestCase("{'AudienceIds':[],'Type':'CustomerList'}", 400)]
    [TestCase("{'AudienceIds':['1','1'],'Type':'CustomerList'}", 400)]
    public async Task All_lists_are_found_by_null_and_not_by_an_empty_array(string body, int status)
    {
        await AddListAsync("A");
        await AddListAsync("B");
        var answer = await CampaignAsync(HttpMethod.Post, "Audiences/QueryByIds", body);
        Assert.That((answer.Status, answer.Json["Audiences"]?.AsArray().Count), Is.EqualTo((status, status == 200 ? 2 : (int?)null)));
    }

    [TestCase("{'Audiences':[{'Type':'CustomerList','Name':'A','Surprise':1}]}")]
    [TestCase("{'Audiences':[{'Type':'CustomerList','Name':'A','ParentId':2000001}]}")]
    [TestCase("{'Audiences':[{'Type':'CustomerList','Name':'A','MembershipDuration':'30'}]}")]
    [TestCase("{'audiences':[{'Type':'CustomerList','Name':'A'}]}")]
    [TestCase("{'Audiences':")]
    [TestCase("null")]
    public async Task Reader_is_strict(string body)
    {
        var answer = await CampaignAsync(HttpMethod.Post, "Audiences", body);
        Assert.That((answer.Status, Codes(answer).Single()), Is.EqualTo((400, 100)));
    }

    [Test]
    public async Task Renaming_and_duration_by_put()
    {
        var id = await AddListAsync();
        await AddListAsync("Taken");
        var renamed = await CampaignAsync(HttpMethod.Put, "Audiences", $"{{'Audiences':[{{'Type':'CustomerList','Id':'{id}','Name':'New','MembershipDuration':390}}]}}");
        var taken = await CampaignAsync(HttpMethod.Put, "Audiences", $"{{'Audiences':[{{'Type':'CustomerList','Id':'{id}','Name':'Taken'}}]}}");
        await Control.SetAsync(new MicrosoftAdvertisingSettings { UpdatesCustomerLists = false }, Token);
        var refused = await CampaignAsync(HttpMethod.Put, "Audiences", $"{{'Audiences':[{{'Type':'CustomerList','Id':'{id}','Name':'Newer'}}]}}");
        var list = await Control.FindListAsync(id, Token);
        Assert.Multiple(() =>
        {
            Assert.That(Codes(renamed), Is.Empty);
            Assert.That((Codes(taken).Single(), Codes(refused).Single()), Is.EqualTo((4853, 4859)));
            Assert.That((list!.Name, list.MembershipDuration), Is.EqualTo(("New", 390)));
        });
    }

    [Test]
    public async Task Deleted_list_is_gone()
    {
        var id = await AddListAsync();
        var answer = await CampaignAsync(HttpMethod.Delete, "Audiences", $"{{'AudienceIds':['{id}','7']}}");
        Assert.That(Codes(answer), Is.EqualTo(new[] { 4835 }));
        Assert.That(await Control.ListsAsync(Token), Is.Empty);
        Assert.That(Codes(await ApplyAsync(id, "Add", Hashes(1))), Is.EqualTo(new[] { 8000 }));
    }

    [Test]
    public async Task More_than_a_hundred_are_refused()
    {
        var many = string.Join(',', Enumerable.Range(0, 101).Select(i => $"{{'Type':'CustomerList','Name':'L{i}'}}"));
        Assert.That(Codes(await CampaignAsync(HttpMethod.Post, "Audiences", $"{{'Audiences':[{many}]}}")), Is.EqualTo(new[] { 4850 }));
        Assert.That(Codes(await CampaignAsync(HttpMethod.Post, "Audiences", "{'Audiences':[]}")), Is.EqualTo(new[] { 4844 }));
    }

    [Test]
    public async Task Size_appears_two_days_after_the_last_change_and_from_300_members()
    {
        var big = await AddListAsync("Big");
        var small = await AddListAsync("Small");
        await ApplyAsync(big, "Add", Hashes([.. Enumerable.Range(0, 300)]));
        await ApplyAsync(small, "Add", Hashes([.. Enumerable.Range(0, 299)]));
        Clock.Advance(TimeSpan.FromHours(48) - TimeSpan.FromSeconds(1));
        Assert.That(await SizesAsync(), Is.EqualTo(new string?[] { null, null }));
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(await SizesAsync(), Is.EqualTo(new[] { "300", null }));
    }

    [Test]
    public async Task Another_account_sees_lists_of_the_customer_only()
    {
        await Control.DefineAccountAsync(new AdAccount { CustomerId = 1_000_001, AccountId = 2_000_002 }, Token);
        await Control.DefineUserAsync(new AdUser { UserName = MicrosoftAdvertisingOptions.DefaultUser, UserId = 3_000_001, AccountIds = [2_000_001, 2_000_002] }, Token);
        await AddListAsync("Mine");
        await AddListAsync("Ours", ",'Scope':'Customer','ParentId':'1000001'");
        AccountId = "2000002";
        var answer = await CampaignAsync(HttpMethod.Post, "Audiences/QueryByIds", "{'Type':'CustomerList'}");
        Assert.That(answer.Json["Audiences"]!.AsArray().Select(a => (string)a!["Name"]!), Is.EqualTo(new[] { "Ours" }));
        Assert.That(await AddListAsync("Mine"), Is.Positive, "names are unique within an account");
    }

    private async Task<List<string?>> SizesAsync()
    {
        // The token of the set-up is older than its hour by now.
        AccessToken = (await Control.GrantAsync(Token)).AccessToken;
        var answer = await CampaignAsync(HttpMethod.Post, "Audiences/QueryByIds", "{'Type':'CustomerList'}");
        return [.. answer.Json["Audiences"]!.AsArray().Select(a => (string?)a!["SearchSize"])];
    }
}
