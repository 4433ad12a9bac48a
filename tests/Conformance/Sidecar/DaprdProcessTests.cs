using System.Text.Json.Nodes;
using CustomerInsights.Conformance.Peers;
using CustomerInsights.Sidecar.Tests;
using CustomerInsights.TestKit.Sidecar;
using CustomerInsights.TestKit.Sidecar.Daprd;
using Grpc.Core;

namespace CustomerInsights.Conformance.Sidecar;

/// <summary>How the real sidecar is started and told what it is to be. It is not at hand here: a script takes its place.</summary>
[Parallelizable]
internal sealed class DaprdProcessTests
{
    private static readonly string Pretended = Path.Combine(NodePeer.Home, "Sidecar", "pretended-daprd.mjs");

    [Test, CancelAfter(60_000)]
    public async Task It_is_told_all_that_the_options_say(CancellationToken cancellationToken)
    {
        var options = new SidecarOptions
        {
            AppId = "shop",
            AppAddress = new Uri("http://127.0.0.1:40001"),
            ApiToken = "api secret",
            AppToken = "app secret",
            AppHealth = new AppHealthCheck { Interval = TimeSpan.FromMilliseconds(1500) },
            Components = [new SidecarComponent { Metadata = new Dictionary<string, string> { ["publishingScopes"] = "shop=orders" } }],
            SecretStores = [SecretStore.Of("local", new Dictionary<string, string> { ["database"] = "password" }) with { Denied = new HashSet<string> { "hidden" } }],
            Subscriptions = [new SidecarSubscription { PubSub = "pubsub", Topic = "orders", DeadLetterTopic = "dead", Routes = [new("event.type == \"a\"", "/a"), new("", "/b")] }],
            Inbound = new ResiliencyPolicy { Timeout = TimeSpan.FromSeconds(2), Retry = new RetryPolicy { MaxRetries = 3, GrpcStatusCodes = [StatusCode.Unavailable] } },
        };
        await using var daprd = await DaprdProcess.StartAsync(Pretended, options, cancellationToken);
        using var courier = new Courier(daprd);

        var told = (await courier.GetAsync("/told", cancellationToken)).Json;
        var flags = told["flags"]!.AsArray().Select(flag => (string)flag!).ToList();
        var resources = told["resources"]!;

        Assert.Multiple(() =>
        {
            Assert.That(flags[(flags.IndexOf("--app-port") + 1)..][..3], Is.EqualTo((string[])["40001", "--app-protocol", "grpc"]));
            Assert.That(flags[flags.IndexOf("--app-health-probe-interval") + 1], Is.EqualTo("2"), "Whole seconds are all it takes.");
            Assert.That(told["tokens"]!.ToJsonString(), Is.EqualTo("""["api secret","app secret"]"""));
            Assert.That(Spec(resources, "pubsub")["type"]!.ToString(), Is.EqualTo("pubsub.in-memory"));
            Assert.That(Spec(resources, "pubsub")["metadata"]![0]!.ToJsonString(), Is.EqualTo("""{"name":"publishingScopes","value":"shop=orders"}"""));
            Assert.That(Spec(resources, "local")["type"]!.ToString(), Is.EqualTo("secretstores.local.file"));
            Assert.That((string?)Spec(resources, "subscription-0")["deadLetterTopic"], Is.EqualTo("dead"));
            Assert.That(Spec(resources, "subscription-0")["routes"]!["default"]!.ToString(), Is.EqualTo("/b"));
            Assert.That(
                JsonNode.DeepEquals(Spec(resources, "resiliency")["policies"], JsonNode.Parse(
                    """{"timeouts":{"inbound":"2000ms"},"retries":{"inbound":{"policy":"constant","duration":"5000ms","maxInterval":"60000ms","maxRetries":3,"matching":{"gRPCStatusCodes":"14"}}}}""")),
                Is.True, Spec(resources, "resiliency").ToJsonString());
            Assert.That((string?)told["configuration"]!["spec"]!["secrets"]!["scopes"]![0]!["deniedSecrets"]![0], Is.EqualTo("hidden"));
        });
    }

    [Test, CancelAfter(60_000)]
    public async Task It_ends_when_told_and_when_killed(CancellationToken cancellationToken)
    {
        foreach (var end in (Func<DaprdProcess, Task>[])[daprd => daprd.StopAsync(cancellationToken), daprd => daprd.KillAsync(cancellationToken)])
        {
            await using var daprd = await DaprdProcess.StartAsync(Pretended, new SidecarOptions { AppId = "shop" }, cancellationToken);
            using var courier = new Courier(daprd);

            await end(daprd);

            Assert.That(async () => await courier.GetAsync("/v1.0/healthz", cancellationToken), Throws.InstanceOf<HttpRequestException>());
        }
    }

    [Test]
    public void One_that_does_not_start_says_why() => Assert.That(
        async () => await DaprdProcess.StartAsync("/bin/false", new SidecarOptions { AppId = "shop" }, CancellationToken.None), Throws.InvalidOperationException.With.Message.Contains("did not start"));

    private static JsonNode Spec(JsonNode resources, string name) => resources[$"{name}.yaml"]!["spec"]!;
}
