using System.Text;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.ServiceDefaults.Tests.Resources;

[Parallelizable(ParallelScope.All)]
public sealed class PagingTests
{
    [Test]
    public void A_token_leads_to_the_page_after_its_own()
    {
        var first = Paging.Parse(2, "", new Violations());
        var token = first.NextToken(["a", "ä b", "c"], item => item);
        Assert.That(Paging.Parse(0, token, new Violations()), Is.EqualTo(new Paging(100, "ä b")));
        Assert.That(first.NextToken(["a", "b"], item => item), Is.Empty);
    }

    [TestCase("v1:a\0b")]
    [TestCase("v1:\n")]
    [TestCase("v2:a")]
    public void A_token_that_no_list_made_is_refused(string text)
    {
        var violations = new Violations();
        Paging.Parse(-1, Convert.ToBase64String(Encoding.UTF8.GetBytes(text)), violations);
        Assert.That(violations.ToRefusal().Violations.Select(v => v.Field), Is.EqualTo(new[] { "page_size", "page_token" }));
    }
}
