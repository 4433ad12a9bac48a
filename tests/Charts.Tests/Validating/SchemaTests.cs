using System.Text.Json.Nodes;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Validating;

[Parallelizable(ParallelScope.All)]
public sealed class SchemaTests
{
    [Test]
    public void Manifests_are_valid()
    {
        var all = Chart.CiValues.Select(Chart.With).ToList();
        var violations = Validator.Validate(all);
        foreach (var rendered in all)
        {
            TestContext.Out.WriteLine($"measured: charts, {rendered.Name}: {rendered.All.Count} manifests");
        }

        Assert.That(violations, Is.Empty, string.Join(Environment.NewLine, violations));
    }

    // Each is seen: a rule of Kubernetes' schemas, of its declarations, of crds.json, and a kind that nobody knows.
    [Test]
    public void Broken_manifests_are_not()
    {
        (string Name, string Kind, Action<Manifest> Break, string Expected)[] cases =
        [
            ("wrong type", "Deployment", m => m.Spec["minReadySeconds"] = "5", "must be integer"),
            ("missing", "Deployment", m => m.Spec.Remove("selector"), "must have required property selector"),
            ("unknown at the top", "Service", m => m.Spec["selektor"] = new JsonObject(), "/spec/selektor is no field of ServiceSpec"),
            ("unknown in a container", "Deployment", m => m.Containers.First()["livenesProbe"] = new JsonObject(), "livenesProbe is no field of Container"),
            ("unknown in metadata", "Job", m => m.Json["metadata"]!["lables"] = new JsonObject(), "lables is no field of ObjectMeta"),
            ("unknown of Dapr", "Subscription", m => m.Spec["pubsubName"] = "x", "pubsubName"),
            ("missing of Dapr", "Component", m => m.Spec.Remove("version"), "must have required property 'version'"),
            ("wrong value of KEDA", "ScaledObject", m => m.At("spec", "triggers")![0]!["metadata"]!["mode"] = "Depth", "must be equal to one of the allowed values"),
            ("wrong type of Dapr", "Resiliency", m => m.At("spec", "policies", "retries", "calls")!["maxRetries"] = "3", "must be integer"),
            ("unknown kind", "NetworkPolicy", m => m.Json["apiVersion"] = "networking.k8s.io/v9", "neither Kubernetes nor crds.json"),
        ];
        var violations = Validator.Validate(cases.Select(c => Chart.With("production").Broken(r => c.Break(r.Of(c.Kind).First())) with { Name = c.Name })).ToList();
        Assert.Multiple(() =>
        {
            foreach (var (name, _, _, expected) in cases)
            {
                Assert.That(violations.Where(v => v.StartsWith($"{name}: ", StringComparison.Ordinal)), Has.Some.Contains(expected), name);
            }
        });
    }
}
