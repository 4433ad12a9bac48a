using CustomerInsights.ServiceDefaults.Outbound;

namespace CustomerInsights.Workers.Webhook;

[Parallelizable(ParallelScope.All)]
public sealed class WebhookAddressTests
{
    private static readonly OutboundRules Rules = new(["127.0.0.1:5090"], TimeSpan.FromSeconds(1));

    [TestCase("https://hooks.example.com/in?source=ci")]
    [TestCase("https://hooks.example.com:8443/")]
    [TestCase("http://127.0.0.1:5090/webhook/main")]
    public void Allowed(string url) => Assert.That(WebhookAddress.Resolve(url, Rules).Value.AbsoluteUri, Is.EqualTo(url));

    [TestCase("")]
    [TestCase("hooks.example.com")]
    [TestCase("http://hooks.example.com/")]
    [TestCase("http://127.0.0.1:5091/")]
    [TestCase("ftp://hooks.example.com/")]
    [TestCase("https://hooks.example.com/#part")]
    [TestCase("https://user:secret" + "@" + "hooks.example.com/")]
    public void Refused(string url) => Assert.That(WebhookAddress.Resolve(url, Rules).Refusal?.Reason, Is.EqualTo("URL_NOT_ALLOWED"));

    [Test]
    public void Endless() => Assert.That(WebhookAddress.Resolve($"https://hooks.example.com/{new string('a', 2_000)}", Rules).Refusal?.Reason, Is.EqualTo("URL_NOT_ALLOWED"));
}
