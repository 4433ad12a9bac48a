namespace CustomerInsights.Sandbox.Braze.Tracking;

public sealed class AttributeValuesTests : SandboxFixture
{
    [TestCase("{'a':null}", "{'b':'x'}", TestName = "Null_unsets")]
    [TestCase("{'a':2,'a':3}", "{'a':3,'b':'x'}", TestName = "The_last_of_two_wins")]
    [TestCase("{'c':1.50}", "{'a':1,'b':'x','c':1.50}", TestName = "Numbers_keep_their_spelling")]
    [TestCase("{'b':'\\u0078'}", "{'a':1,'b':'x'}", TestName = "Escapes_make_no_difference")]
    [TestCase("{'b':'1\\n\\/'}", "{'a':1,'b':'1\\n/'}", TestName = "Only_what_must_be_is_escaped")]
    [TestCase("{'\\u0062':'y'}", "{'a':1,'b':'y'}", TestName = "Names_are_unescaped")]
    [TestCase("{'c': { 'd' : [ 1 , {} ] } }", "{'a':1,'b':'x','c':{'d':[1,{}]}}", TestName = "Objects_are_kept_whole_without_white_space")]
    [TestCase("{'a':{'inc':4}}", "{'a':5,'b':'x'}", TestName = "Increment_adds")]
    [TestCase("{'n':{'inc':-4}}", "{'a':1,'b':'x','n':-4}", TestName = "Increment_starts_from_zero")]
    [TestCase("{'a':{'inc':1.5}}", "{'a':{'inc':1.5},'b':'x'}", TestName = "Increment_takes_whole_numbers_only")]
    [TestCase("{'t':['q','p','q']}", "{'a':1,'b':'x','t':['q','p']}", TestName = "Array_values_are_unique")]
    [TestCase("{'t':{'add':['p']}}", "{'a':1,'b':'x','t':['p']}", TestName = "Add_makes_an_array")]
    [TestCase("{'b':{'add':['p']}}", "{'a':1,'b':['p']}", TestName = "Add_replaces_what_is_no_array")]
    public async Task Value_ends_as(string change, string expected)
    {
        await TrackOneAsync("{'external_id':'c-1','a':1,'b':'x'}");
        await TrackOneAsync("{'external_id':'c-1'," + change[1..]);
        Assert.That(await AttributesOfAsync("c-1"), Is.EqualTo(expected));
    }

    [Test]
    public async Task Array_grows_and_shrinks_in_one_object()
    {
        await TrackOneAsync("{'external_id':'c-1','t':['a','b']}");
        await TrackOneAsync("{'external_id':'c-1','t':{'add':['c','a'],'remove':['b','z']}}");
        Assert.That(await AttributesOfAsync("c-1"), Is.EqualTo("{'t':['a','c']}"));
    }

    [Test]
    public async Task Array_has_at_most_500_elements()
    {
        await TrackOneAsync($"{{'external_id':'c-1','t':[{string.Join(',', Enumerable.Range(0, 600))}]}}");
        var user = await Control.FindUserAsync("c-1", Token);
        Assert.That(user!.Attributes["t"].GetArrayLength(), Is.EqualTo(500));
    }

    [Test]
    public async Task Update_inside_an_array_of_objects_is_not_imitated_and_says_so()
    {
        var answer = await TrackAsync("{'attributes':[{'external_id':'c-1','pets':{'$add':[{'id':1}]}}]}");
        Assert.That(answer.Text, Does.Contain("not part of this stand-in"));
    }

    [Test]
    public async Task Several_objects_about_one_user_apply_in_order()
    {
        await TrackOneAsync("{'external_id':'c-1','a':1},{'external_id':'c-1','a':2,'b':1},{'external_id':'c-1','b':null}");
        Assert.That(await AttributesOfAsync("c-1"), Is.EqualTo("{'a':2}"));
    }
}
