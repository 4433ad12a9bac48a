using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using CustomerInsights.Charts.Judging;
using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Describing;

/// <summary>
/// The processes themselves take what the chart sets: started with --migrate as by a job, but on SQLite, they find nothing wrong
/// with it and migrate.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed class StartTests
{
    private const int Refused = 2;

    private string _folder = "";

    private static IEnumerable<TestCaseData> Cases =>
        from ci in new[] { "production", "rabbitmq" }
        from process in Process.All
        where ci == "production" || process.App.AppId == "connections"
        select new TestCaseData(ci, process).SetArgDisplayNames(ci, process.App.AppId);

    [OneTimeSetUp]
    public void Make_files()
    {
        _folder = Directory.CreateTempSubdirectory("charts-").FullName;
        using var key = RSA.Create(2048);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest("CN=charts", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        foreach (var secret in new[] { "tls", "key-protection", "key-protection-0", "microsoft-advertising" })
        {
            var inside = Directory.CreateDirectory(Path.Combine(_folder, secret)).FullName;
            File.WriteAllText(Path.Combine(inside, "tls.crt"), certificate.ExportCertificatePem());
            File.WriteAllText(Path.Combine(inside, "tls.key"), key.ExportPkcs8PrivateKeyPem());
            File.WriteAllText(Path.Combine(inside, "client-secret"), "s");
            File.WriteAllText(Path.Combine(inside, "developer-token"), "t");
        }
    }

    [OneTimeTearDown]
    public void Remove_files() => Directory.Delete(_folder, recursive: true);

    [TestCaseSource(nameof(Cases))]
    public void Takes_its_settings(string ci, object process)
    {
        var run = Migrate(ci, (Process)process, []);
        Assert.That(run.Code, Is.Zero, run.Errors);
    }

    [Test]
    public void Would_say_if_it_did_not()
    {
        var run = Migrate("production", Process.All[0], ["Authentication__Authority=http://login.example.com"]);
        Assert.That(run.Code, Is.EqualTo(Refused), run.Output);
        Assert.That(run.Errors, Does.Contain("Authentication:Authority"));
    }

    private Command Migrate(string ci, Process process, IEnumerable<string> over)
    {
        var (app, folder) = process;
        var name = $"CustomerInsights{folder["services".Length..].Replace('/', '.')}";
        var manifest = Chart.With(ci).Deployments.Single(m => Running.ComponentOf(m) == app.AppId);
        var variables = Manifest.Items(manifest.Containers.Single()["env"]).Select(v => $"{v["name"]}={ValueOf(v)}");
        var data = $"Storage__Directory={Path.Combine(_folder, $"data-{ci}-{app.AppId}")}";
        return Command.Run("env", [.. variables, data, .. over, "dotnet", Checkout.PathOf($"artifacts/bin/{name}/release/{name}.dll"), "--migrate"]);
    }

    private string ValueOf(JsonNode variable) => (variable["name"]!.ToString(), variable["value"]?.ToString()) switch
    {
        ("Storage__Engine", _) => "Sqlite",
        ("Events__RabbitMq__Uri", _) => "amqp://nobody:none@127.0.0.1:1",
        (_, null) => "token",
        ("Listen__Grpc" or "Listen__Http", _) => "127.0.0.1:0",
        (_, var value) => value!.Replace("/etc/customer-insights", _folder, StringComparison.Ordinal),
    };
}
