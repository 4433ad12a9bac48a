using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.ServiceDefaults.Sidecar;
using CustomerInsights.TestKit.Sidecar;
using Microsoft.Extensions.Configuration;

namespace CustomerInsights.ServiceDefaults.Tests.Sidecar;

[Parallelizable(ParallelScope.All)]
internal sealed class ResolveSecretsTests
{
    private const string Password = "not-to-be-told";

    private static readonly SecretStore Kubernetes = new()
    {
        Name = "kubernetes",
        Secrets = new Dictionary<string, IReadOnlyDictionary<string, string>>
        {
            ["database"] = new Dictionary<string, string> { ["user"] = "insights", ["password"] = Password },
            ["broker"] = new Dictionary<string, string> { ["uri"] = "amqp://broker" },
            ["denied"] = new Dictionary<string, string> { ["key"] = Password },
        },
        Denied = new HashSet<string> { "denied" },
    };

    [Test]
    public async Task References_are_replaced_and_all_else_stays()
    {
        var settings = await ResolveAsync(
            ("Storage:Password", "dapr-secret:kubernetes/database/password"), ("Events:RabbitMq:Uri", "dapr-secret:kubernetes/broker"), ("Storage:Engine", "PostgreSql"));

        Assert.That(
            (settings["Storage:Password"], settings["Events:RabbitMq:Uri"], settings["Storage:Engine"]),
            Is.EqualTo((Password, "amqp://broker", "PostgreSql")));
    }

    [Test]
    public async Task Settings_without_references_need_no_sidecar()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Dapr:HttpEndpoint"] = "http://127.0.0.1:1" }).Build();
        Assert.That(await ResolveSecrets.RunAsync(configuration, TimeProvider.System, CancellationToken.None), Is.SameAs(configuration));
    }

    [TestCase("dapr-secret:kubernetes/database", "2 values")]
    [TestCase("dapr-secret:kubernetes/database/host", "no value of that key")]
    [TestCase("dapr-secret:kubernetes/nothing", "500")]
    [TestCase("dapr-secret:kubernetes/denied/key", "403")]
    [TestCase("dapr-secret:vault/database/password", "401")]
    [TestCase("dapr-secret:database", "looks like")]
    [TestCase("dapr-secret:a/b/c/d", "looks like")]
    public void Reference_that_leads_nowhere_refuses_the_start_and_names_the_setting(string reference, string reason)
    {
        var refused = Assert.ThrowsAsync<StartRefusedException>(() => ResolveAsync(("Storage:Password", reference)))!;
        Assert.That(refused.Problems, Has.One.StartsWith("Storage:Password refers to a secret that can't be read").And.One.Contains(reason).And.None.Contains(Password));
    }

    private static async Task<IConfiguration> ResolveAsync(params (string Key, string Value)[] settings)
    {
        await using var sidecar = await RunningSidecar.StartAsync(new TestKit.Sidecar.SidecarOptions { AppId = "segments", SecretStores = [Kubernetes], ApiToken = "token" });
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, string? (setting) => setting.Value))
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Dapr:HttpEndpoint"] = sidecar.HttpAddress.ToString(), ["DAPR_API_TOKEN"] = "token" })
            .Build();
        return await ResolveSecrets.RunAsync(configuration, TimeProvider.System, CancellationToken.None);
    }
}
