using CustomerInsights.Charts.Judging;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts;

/// <summary>Every rule, over every set of values in ci/.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class ChartTests
{
    private static IEnumerable<TestCaseData> Cases => from ci in Chart.CiValues from rule in Rule.All
        select new TestCaseData(ci, rule).SetArgDisplayNames(ci, rule.Name);

    [TestCaseSource(nameof(Cases))]
    public void Holds(string ci, object rule)
    {
        var violations = ((Rule)rule).Violations(Chart.With(ci)).ToList();
        Assert.That(violations, Is.Empty, string.Join(Environment.NewLine, violations));
    }

    [TestCaseSource(typeof(Chart), nameof(Chart.CiValues))]
    public void Renders_the_same_twice(string ci) => Assert.That(Chart.TextWith(ci), Is.EqualTo(Chart.With(ci).Text));

    [Test]
    public void Has_the_values_that_are_promised() => Assert.That(
        Chart.CiValues, Is.EquivalentTo(new[] { "argocd", "azure", "dapr", "default", "external-secrets", "keda", "minimal", "production", "rabbitmq" }));

    [TestCase("authentication: { authority: '' }", "authentication.authority is needed")]
    [TestCase("services: { environments: { autoscaling: { mode: keda } } }", "it subscribes to none; use hpa")]
    [TestCase("externalSecrets: { enabled: true, store: { name: x } }", "migrations.hook none or argocd")]
    [TestCase("serviceIdentity: { caConfigMap: '' }", "caConfigMap to kube-root-ca.crt")]
    [TestCase("serviceAccount: { create: false }", "serviceAccount.name is needed")]
    [TestCase("monitoring: { podMonitor: { enabled: true } }", "it needs events.transport dapr")]
    public void Says_what_is_wrong_with_values(string values, string expected)
    {
        var run = Chart.RenderOver(values);
        Assert.That(run.Code, Is.Not.Zero);
        Assert.That(run.Errors, Does.Contain(expected));
    }

    [Test]
    public void Release_names_may_be_as_long_as_Helm_lets_them()
    {
        var run = Chart.RenderOver($"nameOverride: {new string('n', 60)}");
        Assert.That(run.Code, Is.Zero, run.Errors);
        Assert.That(new Rendered("long", run.Output).All.Max(m => m.Name.Length), Is.LessThanOrEqualTo(63));
    }
}
