using System.Text;

namespace CustomerInsights.Workers.Webhook;

[Parallelizable(ParallelScope.All)]
public sealed class WebhookSignatureTests
{
    private const string Secret = "a-secret-of-a-test";
    private const string Run = "environments/e/exports/x/runs/r1";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_767_600_000);

    // Reckoned by: printf '1767600000.{"op":"add"}\n' | openssl dgst -sha256 -hmac a-secret-of-a-test
    [Test]
    public void The_signature_is_what_anybody_reckons() => Assert.That(
        Headers("{\"op\":\"add\"}\n"),
        Is.SupersetOf(new[]
        {
            KeyValuePair.Create("CustomerInsights-Timestamp", "1767600000"),
            KeyValuePair.Create("CustomerInsights-Signature", "v1=f2edc503e8b39a6d2351cbd11a654c061ce6718005f2004fa2f262895dc619df"),
        }));

    [Test]
    public void A_repeat_is_the_same_delivery_and_anything_else_is_another_one()
    {
        var delivery = DeliveryOf("a\n");
        Assert.That(delivery, Does.Match("^[0-9a-f]{32}$"));
        Assert.That(DeliveryOf("a\n", later: 60), Is.EqualTo(delivery));
        string[] others = [DeliveryOf("b\n"), DeliveryOf("a\n", run: "environments/e/exports/x/runs/r2"), DeliveryOf("a\n", secret: "another-secret-of-a-test")];
        Assert.That(others.Append(delivery), Is.Unique);
    }

    private static string DeliveryOf(string body, string secret = Secret, string run = Run, int later = 0) => Headers(body, secret, run, later)["CustomerInsights-Delivery"];

    private static Dictionary<string, string> Headers(string body, string secret = Secret, string run = Run, int later = 0)
    {
        using var request = new HttpRequestMessage();
        new WebhookSignature(secret, run).Write(request.Headers, Encoding.UTF8.GetBytes(body), Now.AddSeconds(later));
        return request.Headers.ToDictionary(header => header.Key, header => header.Value.Single());
    }
}
