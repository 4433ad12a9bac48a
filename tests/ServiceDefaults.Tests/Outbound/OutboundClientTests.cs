using System.Net;
using CustomerInsights.ServiceDefaults.Outbound;

namespace CustomerInsights.ServiceDefaults.Tests.Outbound;

[Parallelizable(ParallelScope.All)]
public sealed class OutboundClientTests
{
    private static readonly OutboundRules Rules = new(["127.0.0.1:5090", "sandbox.test:80"], TimeSpan.FromSeconds(5));

    [TestCase("https://rest.iad-03.braze.com/users/track", true)]
    [TestCase("http://127.0.0.1:5090/users/track", true)]
    [TestCase("http://sandbox.test/", true)]
    [TestCase("http://127.0.0.1:5091/", false)]
    [TestCase("http://rest.iad-03.braze.com/", false)]
    [TestCase("https://user@rest.iad-03.braze.com/", false)]
    [TestCase("ftp://127.0.0.1:5090/", false)]
    [TestCase("https://127.0.0.1:5090/", true)]
    [TestCase("https://127.0.0.1:5091/", false)]
    public void Permit(string address, bool expected) => Assert.That(Rules.Permit(new Uri(address)), Is.EqualTo(expected));

    [TestCase("10.0.0.1", false)]
    [TestCase("2130706433", false)]
    [TestCase("[::1]", false)]
    [TestCase("1.1.1.1", true)]
    public void Number_of_ones_own_network_is_not_permitted(string number, bool expected) => Assert.That(Rules.Permit(new Uri($"https://{number}/")), Is.EqualTo(expected));

    [TestCase("http://outside.test/")]
    [TestCase("https://outside.test/")]
    public async Task Nothing_is_sent_in_clear_or_into_a_network_of_ones_own(string address)
    {
        using var client = new OutboundClient((_, _) => Task.FromResult(new[] { IPAddress.Parse("192.0.2.1"), IPAddress.Loopback }), Rules);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        await Assert.ThatAsync(() => client.SendAsync(request, TestContext.CurrentContext.CancellationToken), Throws.TypeOf<HttpRequestException>());
    }
}
