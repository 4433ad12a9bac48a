using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.TestKit;

namespace CustomerInsights.ServiceDefaults.Tests.Hosting;

public sealed class ServiceHostTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory(Some.Name("host")).FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task Migrate_only_brings_the_database_up_to_date_and_returns_zero()
    {
        var exit = await ServiceHost.RunAsync(new ProbeApp(), Arguments("--migrate"));
        Assert.That(exit, Is.Zero);
        Assert.That(File.Exists(Path.Combine(_folder, "segments.db")), Is.True);
    }

    [Test]
    public async Task Configuration_that_is_refused_returns_two()
    {
        Assert.That(await ServiceHost.RunAsync(new ProbeApp(), Arguments("--Storage:Engine=PostgreSql")), Is.EqualTo(2));
        Assert.That(await ServiceHost.RunAsync(new ProbeApp(), Arguments("--Listen:Http=nowhere")), Is.EqualTo(2));
        Assert.That(Directory.EnumerateFiles(_folder), Is.Empty);
    }

    [Test]
    public async Task Port_that_is_taken_is_refused()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        Assert.That(await ServiceHost.RunAsync(new ProbeApp(), Arguments($"--Listen:Grpc={taken.LocalEndpoint}")), Is.EqualTo(2));
    }

    private string[] Arguments(string more) =>
    [
        more, $"--Storage:Directory={_folder}", "--Services:environments=http://127.0.0.1:1", $"--Authentication:Development:SigningKey={Convert.ToBase64String(new byte[32])}",
    ];
}
