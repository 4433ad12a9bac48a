using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Applying;

public sealed class ApplyItemsTests : MicrosoftAdvertisingFixture
{
    [Test]
    public async Task Add_remove_replace()
    {
        var list = await AddListAsync();
        await ApplyAsync(list, "Add", Hashes(1, 2, 3));
        await ApplyAsync(list, "Add", Hashes(3, 4));
        Assert.That(await MembersAsync(list), Is.EqualTo(Sorted(1, 2, 3, 4)));
        await ApplyAsync(list, "Remove", Hashes(2, 9));
        Assert.That(await MembersAsync(list), Is.EqualTo(Sorted(1, 3, 4)));
        await ApplyAsync(list, "Replace", Hashes(5, 1));
        Assert.That(await MembersAsync(list), Is.EqualTo(Sorted(1, 5)));
    }

    [Test]
    public async Task The_vector_of_the_documentation_is_taken()
    {
        const string Vector = "f25ad364d33972379a7a4f4df33db142205f5c40eb19cfdb2fc5aaf117e10101";
        var list = await AddListAsync();
        var answer = await ApplyAsync(list, "Add", $"'{Vector}'");
        Assert.That(answer.Text, Is.EqualTo("{\"PartialErrors\":[]}"));
        Assert.That(await MembersAsync(list), Is.EqualTo(new[] { Vector }));
    }

    [Test]
    public async Task Anything_but_64_lower_case_digits_is_8004_at_its_index()
    {
        var list = await AddListAsync();
        var answer = await ApplyAsync(list, "Add", $"'{Hash(1)}','a@example.com','{Hash(2).ToUpperInvariant()}','{Hash(3)[1..]}',null,'{new string('ü', 64)}'");
        Assert.Multiple(() =>
        {
            Assert.That(answer.Status, Is.EqualTo(200));
            Assert.That(answer.Json["PartialErrors"]!.AsArray().Select(e => ((int)e!["Index"]!, (int)e["Code"]!, (string)e["ErrorCode"]!)), Is.EqualTo(Enumerable.Range(1, 5).Select(i => (i, 8004, "EmailMustBeHashed"))));
        });
        Assert.That(await MembersAsync(list), Is.EqualTo(Sorted(1)));
    }

    [TestCase(true, "", 200)]
    [TestCase(true, "'AcceptCustomerMatchTerm':false,", 8003)]
    [TestCase(false, "", 8003)]
    [TestCase(false, "'AcceptCustomerMatchTerm':null,", 8003)]
    [TestCase(false, "'AcceptCustomerMatchTerm':true,", 200)]
    public async Task Terms_are_of_the_call_or_of_the_account(bool accepted, string terms, int outcome)
    {
        await Control.DefineAccountAsync(new AdAccount { CustomerId = 1_000_001, AccountId = 2_000_001, TermsAccepted = accepted }, Token);
        var list = await AddListAsync();
        var answer = await ApplyAsync(list, "Add", Hashes(1), terms);
        Assert.That(answer.Status == 200 ? 200 : Codes(answer).Single(), Is.EqualTo(outcome));
        Assert.That(await MembersAsync(list), Has.Count.EqualTo(outcome == 200 ? 1 : 0));
    }

    [Test]
    public async Task Terms_may_be_told_as_partial_errors()
    {
        await Control.SetAsync(new MicrosoftAdvertisingSettings { TermsAsPartialErrors = true }, Token);
        var answer = await ApplyAsync(await AddListAsync(), "Add", Hashes(1, 2), "'AcceptCustomerMatchTerm':false,");
        Assert.That((answer.Status, string.Join(',', Codes(answer))), Is.EqualTo((200, "8003,8003")));
    }

    [Test]
    public async Task What_is_not_supported_is_refused_as_a_whole()
    {
        var list = await AddListAsync();
        var problems = new List<int>
        {
            Codes(await ApplyAsync(list, "None", Hashes(1))).Single(),
            Codes(await ApplyAsync(list, "Add", Hashes(1), subType: "Phone")).Single(),
            Codes(await ApplyAsync(list, "Add", "")).Single(),
            Codes(await ApplyAsync(list, "Add", Hashes([.. Enumerable.Range(0, 1_001)]))).Single(),
            Codes(await ApplyAsync(5, "Add", Hashes(1))).Single(),
        };
        Assert.That(problems, Is.EqualTo(new[] { 8001, 8002, 206, 513, 8000 }));
        Assert.That(await MembersAsync(list), Is.Empty);
    }

    [Test]
    public async Task A_thousand_are_taken()
    {
        var list = await AddListAsync();
        Assert.That((await ApplyAsync(list, "Add", Hashes([.. Enumerable.Range(0, 1_000)]))).Status, Is.EqualTo(200));
        Assert.That((await Control.FindListAsync(list, Token))!.Members, Is.EqualTo(1_000));
    }

    [Test]
    public async Task Members_drop_out_after_the_duration_unless_they_are_renewed()
    {
        var list = await AddListAsync(more: ",'MembershipDuration':10");
        await ApplyAsync(list, "Add", Hashes(1, 2));
        Clock.Advance(TimeSpan.FromDays(9));
        AccessToken = (await Control.GrantAsync(Token)).AccessToken;
        await ApplyAsync(list, "Add", Hashes(2, 3));
        Clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        Assert.That(await MembersAsync(list), Has.Count.EqualTo(3));
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(await MembersAsync(list), Is.EqualTo(Sorted(2, 3)));
        Clock.Advance(TimeSpan.FromDays(9));
        Assert.That(await MembersAsync(list), Is.Empty);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Named_hash_gets_the_injected_code_with_or_without_index(bool indexed)
    {
        var list = await AddListAsync();
        await Control.AddFaultAsync(new FaultRule { Kind = FaultKind.Reject, Hashes = [Hash(2)], Code = 8005, Indexed = indexed }, Token);
        var answer = await ApplyAsync(list, "Add", Hashes(1, 2, 3));
        var error = answer.Json["PartialErrors"]!.AsArray().Single()!;
        Assert.That(((int)error["Code"]!, (int?)error["Index"]), Is.EqualTo((8005, indexed ? (int?)1 : null)));
        Assert.That(await MembersAsync(list), Is.EqualTo(Sorted(1, 3)));
    }
}
