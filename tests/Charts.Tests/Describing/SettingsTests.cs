using System.Text.Json.Nodes;
using CustomerInsights.Charts.Judging;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Describing;

/// <summary>The chart sets what exists, and what exists can be set.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class SettingsTests
{
    // Of the runtime, not of ours.
    private static readonly HashSet<string> Foreign = ["DOTNET_EnableDiagnostics", "SSL_CERT_FILE", "SSL_CERT_DIR"];

    private static readonly Dictionary<string, string> NeverOnKubernetes = new()
    {
        ["Storage:Directory"] = "the files of SQLite would end with their pod",
        ["Authentication:Development:SigningKey"] = "on loopback only",
        ["Listen:PortsFile"] = "ports are fixed",
        ["Connections:KeyProtection:PasswordFile"] = "the certificate comes as PEM",
        ["Connections:MicrosoftAdvertising:ClientSecret"] = "comes as a file, which is read again",
        ["Connections:MicrosoftAdvertising:DeveloperToken"] = "comes as a file, which is read again",
        ["Connections:AllowedSandboxHosts:*"] = "stand-ins of vendors are for development",
        ["Braze:AllowedSandboxHosts:*"] = "stand-ins of vendors are for development",
        ["MicrosoftAdvertising:AllowedSandboxHosts:*"] = "stand-ins of vendors are for development",
        ["Webhook:AllowedSandboxHosts:*"] = "stand-ins of vendors are for development",
        ["Segments:SpoolFolder"] = "only /tmp can be written",
        ["MicrosoftAdvertising:SpoolFolder"] = "only /tmp can be written",
        ["Dapr:HttpEndpoint"] = "the injector sets DAPR_HTTP_PORT",
        ["Dapr:GrpcEndpoint"] = "the injector sets DAPR_GRPC_PORT",
        ["Dapr:ApiToken"] = "comes as DAPR_API_TOKEN, the name that Dapr uses",
        ["Dapr:AppToken"] = "comes as APP_API_TOKEN, the name that Dapr uses",
        ["DAPR_HTTP_PORT"] = "the injector sets it",
        ["DAPR_GRPC_PORT"] = "the injector sets it",
    };

    private static readonly Lazy<HashSet<string>> SetByChart = new(() =>
    [
        .. Chart.CiValues.Select(Chart.With).SelectMany(r => r.Workloads).SelectMany(m => m.Containers).SelectMany(c => Manifest.Items(c["env"]))
            .Select(v => v["name"]!.ToString()).Except(Foreign).Select(name => name.Replace("__", ":", StringComparison.Ordinal)),
    ]);

    private static readonly JsonNode Tunable = JsonNode.Parse(Checkout.Read($"{Chart.Folder}/values.schema.json"))!["$defs"]!["settings"]!;

    private static IEnumerable<string> TunableKeys => Tunable["properties"]!.AsObject().Select(p => p.Key)
        .Concat(Tunable["patternProperties"]!.AsObject().Select(p => p.Key.TrimStart('^').Split('[')[0] + "*"));

    [Test]
    public void What_the_chart_sets_exists() => Assert.That(SetByChart.Value.Where(key => !Settings.Knows(key)), Is.Empty);

    [Test]
    public void What_the_schema_offers_exists() => Assert.That(TunableKeys.Where(key => !Settings.All.Contains(key)), Is.Empty);

    [Test]
    public void What_exists_can_be_set() => Assert.That(
        Settings.All.Except(NeverOnKubernetes.Keys).Where(key => !TunableKeys.Contains(key) && !IsSet(key)), Is.Empty,
        "Add it to the schema of settings, set it in the chart, or say above why neither.");

    [Test]
    public void What_the_chart_sets_is_not_offered_again() => Assert.That(
        TunableKeys.Where(key => Chart.CiValues.Except(["rabbitmq", "production"]).Any(ci => Chart.With(ci).Deployments.Any(m =>
            Running.EnvironmentOf(m).Keys.Any(name => name.Replace("__", ":", StringComparison.Ordinal) == key)))), Is.Empty);

    [Test]
    public void What_is_left_out_exists() => Assert.That(NeverOnKubernetes.Keys.Except(Settings.All), Is.Empty);

    private static bool IsSet(string key) => key.EndsWith(":*", StringComparison.Ordinal) ? SetByChart.Value.Any(set => set.StartsWith(key[..^1], StringComparison.Ordinal)) : SetByChart.Value.Contains(key);
}
