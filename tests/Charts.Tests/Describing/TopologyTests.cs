using CustomerInsights.Charts.Judging;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Describing;

/// <summary>Code, charts, tye.yaml and the solution describe the same processes.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class TopologyTests
{
    private static IEnumerable<Process> Processes => Process.All;

    [Test]
    public void Charts_tye_and_solution_name_the_same_processes()
    {
        var code = Process.All.Select(p => p.App.AppId).Order(StringComparer.Ordinal).ToList();
        var values = Yaml.Read(Checkout.Read($"{Chart.Folder}/values.yaml"));
        var charts = values["services"]!.AsObject().Select(s => s.Key).Concat(values["workers"]!.AsObject().Select(w => $"worker-{w.Key}"));
        var tye = Manifest.Items(Yaml.Read(Checkout.Read("tye.yaml"))["services"]).Where(s => s["project"] is not null)
            .ToDictionary(s => s["name"]!.ToString(), s => s["project"]!.ToString());
        var solution = Checkout.Read("CustomerInsights.sln").Replace('\\', '/');
        Assert.Multiple(() =>
        {
            Assert.That(charts.Order(StringComparer.Ordinal), Is.EqualTo(code), "values.yaml");
            Assert.That(Topology.AppIds.Order(StringComparer.Ordinal), Is.EqualTo(code), "files/topology.yaml");
            Assert.That(tye.Keys.Where(name => name != "sandbox").Order(StringComparer.Ordinal), Is.EqualTo(code), "tye.yaml");
            Assert.That(Chart.With("default").Deployments.Select(Running.ComponentOf).Order(StringComparer.Ordinal), Is.EqualTo(code), "deployments");
            Assert.That(Process.All.Where(p => !solution.Contains($"\"{tye[p.App.AppId]}\"", StringComparison.Ordinal)).Select(p => p.App.AppId), Is.Empty, "solution");
        });
    }

    [Test]
    public void Self_hosted_Dapr_starts_the_same_processes_on_the_ports_of_tye()
    {
        var dapr = Yaml.Read(Checkout.Read("deploy/dapr/dapr.yaml"));
        var ports = Manifest.Items(Yaml.Read(Checkout.Read("tye.yaml"))["services"]).Where(s => s["project"] is not null && s["name"]!.ToString() != "sandbox")
            .Select(s => (Name: s["name"]!.ToString(), Ports: string.Join(' ', Manifest.Items(s["bindings"]).Select(binding => binding["port"]))));
        var apps = Manifest.Items(dapr["apps"]).Select(app => (
            Name: app["appID"]!.ToString(),
            Ports: string.Join(' ', app["command"]!.AsArray().Select(word => word!.ToString()).Where(word => word.StartsWith("127.0.0.1:", StringComparison.Ordinal)).Select(word => word.Split(':')[1]))));
        Assert.Multiple(() =>
        {
            Assert.That(apps, Is.EqualTo(ports));
            Assert.That(Manifest.Items(dapr["apps"]).Select(app => app["appPort"]!.ToString()), Is.EqualTo(apps.Select(app => app.Ports.Split(' ')[0])));
            Assert.That(
                dapr["common"]!["env"]!.AsObject().Where(setting => setting.Key.StartsWith("Services__", StringComparison.Ordinal)).Select(setting => $"{setting.Key} {setting.Value}"),
                Is.EqualTo(ports.Select(process => $"Services__{process.Name} dapr:///{process.Name}")));
        });
    }

    [TestCaseSource(nameof(Processes))]
    public void Says_what_the_code_says(object process)
    {
        var code = (Process)process;
        var id = code.App.AppId;
        Assert.Multiple(() =>
        {
            Assert.That(Topology.SubscribedBy(id), Is.EquivalentTo(code.Subscribes), "subscribes");
            Assert.That(Topology.PublishedBy(id), Is.EquivalentTo(code.Publishes), "publishes");
            Assert.That(Topology.CallsOf(id), Is.EquivalentTo(code.Calls), "calls");
            Assert.That(Topology.GoesOutside(id), Is.EqualTo(code.GoesOutside), "goesOutside");
        });
    }

    [Test]
    public void Images_are_named_as_they_are_built()
    {
        var built = Command.Run("env", ["TAG=1", Checkout.PathOf("eng/containers.sh"), "names"]);
        var used = Chart.With("default").Deployments.Select(m => m.Containers.First()["image"]!.ToString().Split(':')[0]);
        Assert.That(built.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.EquivalentTo(used.Select(image => $"{image}:1")), built.Errors);
    }

    [Test]
    public void The_chart_is_of_the_version_of_the_code()
    {
        var chart = Yaml.Read(Checkout.Read($"{Chart.Folder}/Chart.yaml"));
        Assert.That(Checkout.Read("Directory.Build.props"), Does.Contain($"<Version>{chart["appVersion"]}</Version>"));
    }

    // The rule of names stands in EventSubscription, in the chart, and in what KEDA counts.
    [Test]
    public void Queues_are_named_as_in_the_code()
    {
        var source = Checkout.Read("services/Shared/ServiceDefaults/Events/Transports/IEventTransport.cs");
        Assert.That(source, Does.Contain("Queue => $\"{AppId}-{Topic}\"").And.Contain("DeadLetterTopic => $\"{Queue}_error\""));
    }
}
