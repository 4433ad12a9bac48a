using CustomerInsights.ServiceDefaults.Sidecar;
using Microsoft.Extensions.Configuration;

namespace CustomerInsights.ServiceDefaults.Tests.Sidecar;

[Parallelizable(ParallelScope.All)]
internal sealed class SidecarOptionsTests
{
    [Test]
    public void Ports_are_those_of_Dapr_unless_it_says_otherwise()
    {
        Assert.That(Read().Options, Is.EqualTo(new SidecarOptions(new Uri("http://127.0.0.1:3500"), new Uri("http://127.0.0.1:50001"), null, null)));
        var (told, _) = Read(("DAPR_HTTP_PORT", "3501"), ("DAPR_GRPC_PORT", "50002"), ("DAPR_API_TOKEN", "a"), ("APP_API_TOKEN", "b"));
        Assert.That(told, Is.EqualTo(new SidecarOptions(new Uri("http://127.0.0.1:3501"), new Uri("http://127.0.0.1:50002"), "a", "b")));
    }

    [Test]
    public void Section_goes_before_what_Dapr_sets()
    {
        var (options, problems) = Read(
            ("DAPR_HTTP_PORT", "3501"), ("Dapr:HttpEndpoint", "http://127.0.0.1:3502"), ("DAPR_API_TOKEN", "a"), ("Dapr:ApiToken", "c"), ("APP_API_TOKEN", "b"), ("Dapr:AppToken", "d"));
        Assert.That((options.Http.Port, options.ApiToken, options.AppToken, problems), Is.EqualTo((3502, "c", "d", Array.Empty<string>())));
    }

    [TestCase("Dapr:HttpEndpoint", "127.0.0.1:3500")]
    [TestCase("Dapr:GrpcEndpoint", "ftp://sidecar")]
    [TestCase("DAPR_HTTP_PORT", "70000")]
    [TestCase("DAPR_GRPC_PORT", "none")]
    public void What_leads_nowhere_is_named(string setting, string value) =>
        Assert.That(Read((setting, value)).Problems, Has.One.StartsWith($"{setting} must be"));

    private static (SidecarOptions Options, IReadOnlyList<string> Problems) Read(params (string Key, string Value)[] settings) => SidecarOptions.Read(
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, string? (setting) => setting.Value)).Build());
}
