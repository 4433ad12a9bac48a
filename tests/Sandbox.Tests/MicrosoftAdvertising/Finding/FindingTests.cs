namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Finding;

public sealed class FindingTests : MicrosoftAdvertisingFixture
{
    [Test]
    public async Task Who_am_I_needs_no_account()
    {
        (CustomerId, AccountId) = (null, null);
        var answer = await CustomerAsync("User/Query", "{'UserId':null}");
        Assert.Multiple(() =>
        {
            Assert.That(((string)answer.Json["User"]!["Id"]!, (string)answer.Json["User"]!["UserName"]!), Is.EqualTo(("3000001", MicrosoftAdvertisingOptions.DefaultUser)));
            Assert.That(answer.Json["CustomerRoles"]![0]!.ToJsonString(), Is.EqualTo("{\"AccountIds\":[\"2000001\"],\"CustomerId\":\"1000001\",\"CustomerLinkPermission\":null,\"LinkedAccountIds\":null,\"RoleId\":41}"));
            Assert.That(answer.Json["User"]!.AsObject(), Has.Count.EqualTo(16));
        });
    }

    [Test]
    public async Task Somebody_else_is_not_to_be_asked_about()
    {
        Assert.That(Codes(await CustomerAsync("User/Query", "{'UserId':'3000009'}")), Is.EqualTo(new[] { 106 }));
    }

    [Test]
    public async Task Accounts_come_in_pages()
    {
        for (var i = 1; i <= 3; i++)
        {
            await Control.DefineAccountAsync(new AdAccount { CustomerId = 1_000_001, AccountId = 2_000_000 + i, Name = $"Account {i}" }, Token);
        }

        await Control.DefineUserAsync(new AdUser { UserName = MicrosoftAdvertisingOptions.DefaultUser, UserId = 3_000_001, AccountIds = [2_000_001, 2_000_003] }, Token);
        var pages = new List<string>();
        for (var page = 0; page < 3; page++)
        {
            var answer = await CustomerAsync("Accounts/Search", $"{{'Predicates':[{{'Field':'UserId','Operator':'Equals','Value':'3000001'}}],'Ordering':null,'PageInfo':{{'Index':{page},'Size':1}}}}");
            pages.Add(string.Join(',', answer.Json["Accounts"]!.AsArray().Select(a => $"{a!["Name"]} {a["Id"]} {a["ParentCustomerId"]}")));
        }

        Assert.That(pages, Is.EqualTo(new[] { "Account 1 2000001 1000001", "Account 3 2000003 1000001", "" }));
    }

    [TestCase("{'Predicates':[],'PageInfo':{'Index':0,'Size':1}}")]
    [TestCase("{'Predicates':[{'Field':'Name','Operator':'Equals','Value':'1'}],'PageInfo':{'Index':0,'Size':1}}")]
    [TestCase("{'Predicates':[{'Field':'UserId','Operator':'Equals','Value':'3000001'}]}")]
    public async Task Searches_without_predicate_or_page_are_refused(string body)
    {
        Assert.That(Codes(await CustomerAsync("Accounts/Search", body)), Is.EqualTo(new[] { 201 }));
    }
}
