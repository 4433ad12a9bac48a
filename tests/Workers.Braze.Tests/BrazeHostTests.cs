namespace CustomerInsights.Workers.Braze;

[Parallelizable(ParallelScope.All)]
public sealed class BrazeHostTests
{
    // Lessons 2.12: one table for all calls, and no instance may end at another one's host.
    [Test]
    public void Every_instance_is_reached_under_its_own_host_by_TLS()
    {
        string[] hosts =
        [
            .. Enumerable.Range(1, 8).Select(n => $"rest.iad-{n:00}.braze.com"), "rest.us-09.braze.com", "rest.us-10.braze.com", "rest.fra-01.braze.eu", "rest.fra-02.braze.eu",
            "rest.au-01.braze.com", "rest.id-01.braze.com", "rest.jp-01.braze.com", "rest.kr-01.braze.com",
        ];
        Assert.That(hosts.Select(host => BrazeHost.Resolve(host, []).Value.ToString()), Is.EqualTo(hosts.Select(host => $"https://{host}/")));
    }

    [TestCase("127.0.0.1:5090")]
    [TestCase("localhost")]
    [TestCase("example.com")]
    [TestCase("rest.iad-01.braze.com.example.com")]
    [TestCase("rest.iad-01.braze.com:8443")]
    [TestCase("rest.iad-01.braze.com/x")]
    [TestCase("user" + "@" + "rest.iad-01.braze.com")]
    [TestCase("rest..braze.com")]
    [TestCase("rest.iad-01.braze.com\n")]
    [TestCase("restXiad-01.braze.com")]
    [TestCase("169.254.169.254")]
    [TestCase("")]
    public void Other_hosts_are_refused(string host) =>
        Assert.That(BrazeHost.Resolve(host, ["127.0.0.1:5091"]).Refusal?.Reason, Is.EqualTo("HOST_NOT_ALLOWED"));

    [Test]
    public void A_stand_in_that_is_allowed_by_name_is_reached_without_TLS() =>
        Assert.That(BrazeHost.Resolve("127.0.0.1:5090", ["127.0.0.1:5090"]).Value, Is.EqualTo(new Uri("http://127.0.0.1:5090/")));
}
