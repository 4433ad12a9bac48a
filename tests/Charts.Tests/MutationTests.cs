using System.Text.Json.Nodes;
using CustomerInsights.Charts.Judging;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts;

/// <summary>Every rule is broken on purpose once: a rule that finds nothing proves nothing.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class MutationTests
{
    private static readonly Dictionary<string, (string Ci, Func<Rendered, Rendered> Break)> Mutations = new()
    {
        ["Documents say what they are"] = OnFirst("Service", m => m.Json.Remove("apiVersion")),
        ["Names are unique"] = OnEach("Service", m => m.Json["metadata"]!["name"] = "same"),
        ["Names are DNS labels"] = OnFirst("Service", m => m.Json["metadata"]!["name"] = "Has_Capitals"),
        ["No holes in the text"] = ("production", r => r with { Text = $"{r.Text}\nname: <no value>" }),
        ["Labels are the standard ones"] = OnFirst("Service", m => m.At("metadata", "labels")!.AsObject().Remove("app.kubernetes.io/part-of")),
        ["Environment variables stand once"] = OnFirst("Deployment", m => Env(m).Add(Env(m)[0]!.DeepClone())),
        ["Deployments select their own pods"] = OnFirst("Deployment", m => m.At("spec", "selector", "matchLabels")!["app.kubernetes.io/component"] = "other"),
        ["Selectors hit one workload"] = OnFirst("PodDisruptionBudget", m => m.At("spec", "selector", "matchLabels")!.AsObject().Remove("app.kubernetes.io/component")),
        ["Selectors never change"] = OnFirst("Deployment", m => m.At("spec", "selector", "matchLabels")!["app.kubernetes.io/version"] = "1"),
        ["Services lead to ports that exist"] = OnFirst("Service", m => m.At("spec", "ports")![0]!["targetPort"] = "grcp"),
        ["Autoscalers lead to deployments that exist"] = OnFirst("HorizontalPodAutoscaler", m => m.At("spec", "metrics")![0]!["containerResource"]!["container"] = "daprd"),
        ["Policies let in who is let out"] = In("default", OnFirst("NetworkPolicy", m => m.Spec["ingress"] = new JsonArray(), IsOfEnvironments)),
        ["Collectors can be reached"] = In("dapr", OnFirst("NetworkPolicy", m => Egress(m).Remove(Egress(m).First(rule => rule!["ports"]![0]!["port"]!.ToString() == "4317")), IsOfEnvironments)),
        ["Pods do not run as root"] = OnPod(pod => pod["securityContext"]!["runAsUser"] = 0L),
        ["Pods have a seccomp profile"] = OnPod(pod => pod["securityContext"]!["seccompProfile"]!["type"] = "Unconfined"),
        ["Pods share no namespace of the host"] = OnPod(pod => pod["hostNetwork"] = true),
        ["Pods use harmless volumes"] = OnPod(pod => pod["volumes"]![0] = new JsonObject { ["name"] = "tmp", ["hostPath"] = new JsonObject { ["path"] = "/" } }),
        ["Pods get no token of the API server"] = OnPod(pod => pod.Remove("automountServiceAccountToken")),
        ["Pods get no variables of services"] = OnPod(pod => pod["enableServiceLinks"] = true),
        ["Containers gain no privileges"] = OnContainer(c => c["securityContext"]!["privileged"] = true),
        ["Containers drop all capabilities"] = OnContainer(c => c["securityContext"]!["capabilities"]!["drop"] = new JsonArray("NET_RAW")),
        ["Containers have a read-only root"] = OnContainer(c => c["securityContext"]!["readOnlyRootFilesystem"] = false),
        ["Containers override no user"] = OnContainer(c => c["securityContext"]!["runAsUser"] = 1),
        ["Containers open no ports of the host"] = OnContainer(c => c["ports"]![0]!["hostPort"] = 80),
        ["Containers can write temporary files"] = OnContainer(c => c["volumeMounts"]![0]!["readOnly"] = true),
        ["Mounts have volumes"] = OnContainer(c => c["volumeMounts"]!.AsArray().RemoveAt(0)),
        ["Processes are probed"] = OnContainer(c => c["livenessProbe"]!["httpGet"]!["path"] = "/healthz/ready"),
        ["Containers ask for resources"] = OnContainer(c => c["resources"]!["limits"]!.AsObject().Remove("memory")),
        ["Images are pinned"] = OnContainer(c => c["image"] = "registry.example.com/insights/exports:latest"),
        ["An autoscaler owns the replicas"] = OnFirst("Deployment", m => m.Spec["replicas"] = 2L, m => m.At("spec", "replicas") is null),
        ["Nothing scales to zero"] = OnFirst("ScaledObject", m => m.Spec["minReplicaCount"] = 0L),
        ["Drains go on"] = OnFirst("PodDisruptionBudget", m => m.Spec["maxUnavailable"] = 0L),
        ["A stop has the time it needs"] = OnPod(pod => pod["terminationGracePeriodSeconds"] = 65L),
        ["Replicas are spread by release"] = OnPod(pod => pod["topologySpreadConstraints"]![0]!.AsObject().Remove("matchLabelKeys")),
        ["Processes have accounts of their own"] = OnEach("Deployment", m => m.PodSpec!["serviceAccountName"] = "shared"),
        ["Accounts are known to everybody"] = OnPod(pod => pod["serviceAccountName"] = "another"),
        ["Migrations run by themselves"] = OnFirst("Job", m => m.PodTemplate!["metadata"]!["annotations"]!["dapr.io/enabled"] = "true"),
        ["Starts and migrations have the time they are promised"] = In("minimal", OnContainer(c => c["startupProbe"]!["failureThreshold"] = 60L)),
        ["App ids are unique and short"] = OnEach("Deployment", m => Annotate(m, "app-id", "same")),
        ["Sidecars reach the port of gRPC"] = OnFirst("Deployment", m => Annotate(m, "app-port", "5200")),
        ["Sidecars fit restricted pods"] = OnFirst("Deployment", m => Annotate(m, "sidecar-seccomp-profile-type", "")),
        ["Sidecars have resources"] = OnFirst("Deployment", m => Annotate(m, "sidecar-memory-limit", "")),
        ["Sidecars ask how the process is"] = OnFirst("Deployment", m => Annotate(m, "enable-app-health-check", "false")),
        ["Configurations exist"] = OnFirst("Deployment", m => Annotate(m, "config", "another")),
        ["Both ends have the tokens"] = OnFirst("Deployment", m => Annotate(m, "api-token-secret", "another")),
        ["Access is closed, and open to those who call"] = OnFirst("Configuration", m => m.At("spec", "accessControl", "policies")!.AsArray().RemoveAt(0)),
        ["Policies are complete"] = OnFirst("Configuration", m => m.At("spec", "accessControl", "policies")![0]!.AsObject().Remove("trustDomain")),
        ["Peers through sidecars are apps that exist"] = OnFirst("Deployment", m => SetEnv(m, "Services__environments", "dapr:///enviroments")),
        ["Scopes name apps that exist"] = OnFirst("Component", m => m.Json["scopes"]!.AsArray().Add("nobody")),
        ["Dapr resources have scopes"] = OnFirst("Component", m => m.Json.Remove("scopes")),
        ["The broker's component loses nothing"] = OnFirst("Component", m => Metadata(m, "deletedWhenUnused", "true")),
        ["Prefetch is bounded"] = OnFirst("Component", m => Metadata(m, "prefetchCount", "0")),
        ["Subscriptions use quorum queues"] = OnFirst("Subscription", m => m.At("spec", "metadata")!["queueType"] = "classic"),
        ["Subscriptions belong to one app and one component"] = OnFirst("Subscription", m => m.Spec["pubsubname"] = "other"),
        ["Dead letters have a subscriber"] = OnFirst("Subscription", m => m.Spec["topic"] = "lost", m => m.At("spec", "deadLetterTopic") is null),
        ["Topics may be used by who uses them"] = OnFirst("Component", m => Metadata(m, "publishingScopes", "exports=")),
        ["The sidecar's transport is complete"] = OnFirst("Deployment", m => SetEnv(m, "Events__Dapr__Subscriptions", "Programmatic")),
        ["Retries match what they are for"] = OnFirst("Resiliency", m => m.At("spec", "policies", "retries", "calls")!.AsObject().Remove("matching")),
        ["Resiliency targets exist"] = OnFirst("Resiliency", m => m.At("spec", "targets", "apps")!["nobody"] = new JsonObject()),
        ["Deliveries are tried again before they are dead letters"] = OnFirst("Resiliency", m => m.At("spec", "targets", "components", "pubsub")!.AsObject().Remove("inbound")),
        ["KEDA counts queues that exist"] = OnFirst("ScaledObject", m => m.At("spec", "triggers")![0]!["metadata"]!["queueName"] = "worker-braze.runs"),
        ["KEDA can reach the broker"] = OnFirst("TriggerAuthentication", m => m.Json["metadata"]!["name"] = "another"),
        ["The chart makes no Secret"] = OnFirst("Service", m => m.Json["kind"] = "Secret"),
        ["Nothing looks like a secret"] = OnFirst("Deployment", m => SetEnv(m, "Events__Dapr__PubSub", "amqp://user:pass@broker")),
        ["Secret settings come from Secrets"] = OnFirst("Deployment", m => SetEnv(m, "Storage__ConnectionString", "Host=db")),
        ["External secrets have the keys that are used"] = In("external-secrets", OnFirst("ExternalSecret", m => m.At("spec", "data")!.AsArray().RemoveAt(0))),
        ["External secrets are complete"] = In("external-secrets", OnFirst("ExternalSecret", m => m.At("spec", "target")!["name"] = "another")),
    };

    private static IEnumerable<TestCaseData> Rules => Rule.All.Select(rule => new TestCaseData(rule).SetArgDisplayNames(rule.Name));

    [TestCaseSource(nameof(Rules))]
    public void Breaks(object judged)
    {
        var rule = (Rule)judged;
        Assert.That(Mutations, Contains.Key(rule.Name), "Break each rule once.");
        var (ci, change) = Mutations[rule.Name];
        Assert.That(rule.Violations(Chart.With(ci)), Is.Empty, "It must hold before.");
        Assert.That(rule.Violations(change(Chart.With(ci))), Is.Not.Empty);
    }

    [Test]
    public void Breaks_rules_that_there_are() => Assert.That(Mutations.Keys, Is.EquivalentTo(Rule.All.Select(rule => rule.Name)));

    private static (string Ci, Func<Rendered, Rendered> Break) OnFirst(string kind, Action<Manifest> change, Func<Manifest, bool>? which = null) =>
        ("production", r => r.Broken(copy => change(copy.Of(kind).First(which ?? (_ => true)))));

    private static (string Ci, Func<Rendered, Rendered> Break) OnEach(string kind, Action<Manifest> change) => ("production", r => r.Broken(copy => copy.Of(kind).ToList().ForEach(change)));

    private static (string Ci, Func<Rendered, Rendered> Break) OnPod(Action<JsonObject> change) => OnFirst("Deployment", m => change(m.PodSpec!));

    private static (string Ci, Func<Rendered, Rendered> Break) OnContainer(Action<JsonObject> change) => OnFirst("Deployment", m => change(m.Containers.First()));

    private static (string Ci, Func<Rendered, Rendered> Break) In(string ci, (string Ci, Func<Rendered, Rendered> Break) mutation) => mutation with { Ci = ci };

    private static JsonArray Env(Manifest manifest) => manifest.Containers.First()["env"]!.AsArray();

    private static bool IsOfEnvironments(Manifest manifest) => manifest.Name.EndsWith("-environments", StringComparison.Ordinal);

    private static JsonArray Egress(Manifest policy) => policy.At("spec", "egress")!.AsArray();

    private static void SetEnv(Manifest manifest, string name, string value)
    {
        var variable = Env(manifest).First(v => v!["name"]!.ToString() == name)!.AsObject();
        variable.Remove("valueFrom");
        variable["value"] = value;
    }

    private static void Annotate(Manifest manifest, string name, string value) => manifest.PodTemplate!["metadata"]!["annotations"]![$"dapr.io/{name}"] = value;

    private static void Metadata(Manifest component, string name, string value) =>
        component.At("spec", "metadata")!.AsArray().First(m => m!["name"]!.ToString() == name)!["value"] = value;
}
