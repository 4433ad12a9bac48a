using System.Text.RegularExpressions;
using CustomerInsights.Charts.Judging;
using CustomerInsights.Charts.Rendering;
using CustomerInsights.Charts.Validating;

namespace CustomerInsights.Charts.Describing;

/// <summary>What the chart's README says about Azure, and the store beside the values of ci/azure.</summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class AzureTests
{
    private const string Store = $"{Chart.Folder}/ci/azure-secret-store.yaml";

    [Test]
    public void The_store_is_valid_and_the_one_that_the_values_name()
    {
        var example = new Rendered("azure-secret-store", Checkout.Read(Store));
        Assert.That(Validator.Validate([example]), Is.Empty);
        var store = example.Of("ClusterSecretStore").Single();
        var account = store.At("spec", "provider", "azurekv", "serviceAccountRef");
        Assert.Multiple(() =>
        {
            Assert.That(Chart.With("azure").Of("ExternalSecret").Select(e => e.At("spec", "secretStoreRef", "name")!.ToString()).Distinct(), Is.EqualTo([store.Name]));
            Assert.That(example.Of("ServiceAccount").Select(a => (a.Name, a.At("metadata", "namespace")!.ToString())), Is.EqualTo([(account!["name"]!.ToString(), account["namespace"]!.ToString())]));
            Assert.That(Checkout.Read($"{Chart.Folder}/README.md"), Does.Contain($"--subject system:serviceaccount:{account!["namespace"]}:{account["name"]} "));
        });
    }

    [Test]
    public void Subjects_of_federated_credentials_are_those_of_the_processes()
    {
        var loop = Loop().Match(Checkout.Read($"{Chart.Folder}/README.md"));
        var apps = loop.Groups[1].Value.Split(' ');
        Assert.That(apps, Is.EquivalentTo(Topology.AppIds));
        var rendered = new Rendered("insights", Chart.RenderOver("{}", "insights").Output);
        Assert.That(
            apps.Select(app => loop.Groups[2].Value.Replace("$app", app, StringComparison.Ordinal)),
            Is.EquivalentTo(rendered.Deployments.Select(m => $"system:serviceaccount:{Chart.Namespace}:{m.PodSpec!["serviceAccountName"]}")));
    }

    [Test]
    public void Sidecars_with_an_identity_reach_their_store()
    {
        var run = Chart.RenderOver("""
            events: { transport: dapr }
            dapr: { apiTokenSecret: a, appTokenSecret: b, secretStore: { enabled: true, metadata: [{ name: vaultName, value: insights }] } }
            defaults: { podLabels: { azure.workload.identity/use: "true" }, serviceAccount: { annotations: { azure.workload.identity/client-id: x } } }
            networkPolicy: { secretStore: { ports: [8200] } }
            """);
        var rendered = new Rendered("store", run.Output);
        Assert.Multiple(() =>
        {
            Assert.That(Rule.All.SelectMany(rule => rule.Violations(rendered)).Concat(Validator.Validate([rendered])), Is.Empty);
            Assert.That(rendered.Of("Component").Select(c => c.At("spec", "type")!.ToString()), Does.Contain("secretstores.azure.keyvault"));
            Assert.That(rendered.Deployments.Select(m => m.PodLabels["azure.workload.identity/use"]), Is.All.EqualTo("true"));
            Assert.That(rendered.Of("ServiceAccount").Select(m => m.Annotations["azure.workload.identity/client-id"]), Is.All.EqualTo("x"));
            Assert.That(rendered.Of("NetworkPolicy").Count(p => Reaching.LetsOut(p, "8200")), Is.EqualTo(Topology.AppIds.Count()));
        });
    }

    [GeneratedRegex(@"for app in ([a-z -]+); do\s[\s\S]*?--subject ""([^""]+)""")]
    private static partial Regex Loop();
}
