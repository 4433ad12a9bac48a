using CustomerInsights.Connections.Defining;

namespace CustomerInsights.Connections.Tests.Defining;

[Parallelizable(ParallelScope.All)]
public sealed class BrazeHostTests
{
    private static readonly string[] Sandboxes = ["127.0.0.1:5090"];

    [TestCase("rest.iad-03.braze.com", "https://rest.iad-03.braze.com/")]
    [TestCase("https://rest.iad-03.braze.com/", "https://rest.iad-03.braze.com/")]
    [TestCase(" HTTP://REST.FRA-02.Braze.EU// ", "https://rest.fra-02.braze.eu/")]
    [TestCase("rest.iad-03.braze.com\n", "https://rest.iad-03.braze.com/")]
    [TestCase("rest.us-10.braze.com", "https://rest.us-10.braze.com/")]
    [TestCase("rest.au-01.braze.com", "https://rest.au-01.braze.com/")]
    [TestCase("127.0.0.1:5090", "http://127.0.0.1:5090/")]
    [TestCase("http://127.0.0.1:5090", "http://127.0.0.1:5090/")]
    public void Allowed(string text, string address) => Assert.That(BrazeHost.Parse(text, Sandboxes)?.Address.AbsoluteUri, Is.EqualTo(address));

    [TestCase("")]
    [TestCase("rest.braze.com")]
    [TestCase("iad-03.braze.com")]
    [TestCase("rest.iad-03.braze.com.example.com")]
    [TestCase("rest.iad-03.braze.org")]
    [TestCase("rest.iad-03.notbraze.com")]
    [TestCase("rest.iad.03.braze.com")]
    [TestCase("rest.-iad.braze.com")]
    [TestCase("rest.iad-.braze.com")]
    [TestCase("rest.iad-03.braze.com:443")]
    [TestCase("rest.iad-03.braze.com/users")]
    [TestCase("rest.iad-03.braze.com?x=1")]
    [TestCase("rest.iad-03.braze.com#x")]
    [TestCase("rest.iad-03.braze.com.")]
    [TestCase("user" + "@" + "rest.iad-03.braze.com")]
    [TestCase("https://key" + "@" + "rest.iad-03.braze.com")]
    [TestCase("rest.iad-03.braze.com\n.example.com")]
    [TestCase("rest.iad\u201003.braze.com")]
    [TestCase("rest.ıad-03.braze.com")]
    [TestCase("ftp://rest.iad-03.braze.com")]
    [TestCase("10.0.0.1")]
    [TestCase("169.254.169.254")]
    [TestCase("127.0.0.1")]
    [TestCase("127.0.0.1:5091")]
    [TestCase("localhost:5090")]
    [TestCase("[::1]:5090")]
    [TestCase("2130706433")]
    public void Refused(string text) => Assert.That(BrazeHost.Parse(text, Sandboxes), Is.Null);

    [Test]
    public void No_sandbox_is_allowed_unless_named() => Assert.That(BrazeHost.Parse("127.0.0.1:5090", []), Is.Null);

    [Test]
    public void Endless_text_is_refused_quickly() => Assert.That(BrazeHost.Parse($"rest.{new string('a', 100_000)}.braze.com", []), Is.Null);
}
