using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Sidecar;
using CustomerInsights.ServiceDefaults.Tests.Hosting;
using CustomerInsights.TestKit.Hosting;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Microsoft.Extensions.Configuration;

namespace CustomerInsights.ServiceDefaults.Tests.Identity;

[Parallelizable(ParallelScope.All)]
public sealed class PeerRetriesTests
{
    private static readonly string[] Reads = ["Get", "List", "Stream", "Describe"];

    [Test]
    public void Every_method_named_is_in_the_contracts_and_takes_one_request()
    {
        foreach (var (service, methods) in PeerRetries.Repeatable)
        {
            Assert.That(methods, Is.Unique.And.All.Matches<string>(method => service.FindMethodByName(method) is { IsClientStreaming: false }), service.FullName);
        }
    }

    [Test]
    public void Every_read_of_these_services_is_named()
    {
        foreach (var (service, methods) in PeerRetries.Repeatable)
        {
            var reads = service.Methods.Select(method => method.Name).Where(name => Reads.Any(verb => name.StartsWith(verb, StringComparison.Ordinal)));
            Assert.That(reads.Except(methods), Is.Empty, service.FullName);
        }
    }

    [Test]
    public void No_method_named_relies_on_an_optional_request_id()
    {
        var relying = PeerRetries.Repeatable.SelectMany(part => part.Methods.Select(part.Service.FindMethodByName)).Where(HasRequestId);
        Assert.That(relying.Select(method => method.FullName), Is.Empty);
    }

    [Test]
    public async Task Call_of_a_process_that_is_away_for_a_moment_succeeds()
    {
        var environments = new Restarting();
        await using var harness = await ServiceHarness.StartAsync(new ProbeApp(), new HarnessOptions { Fakes = [environments] });

        await harness.ClientOf<ProfileService.ProfileServiceClient>("user:vera").GetProfileSchemaAsync(new GetProfileSchemaRequest { Name = "environments/contoso/profileSchema" });

        Assert.That(environments.Calls, Is.EqualTo(3));
    }

    [TestCase("http://127.0.0.1:5103", true)]
    [TestCase("https://segments.example.com", true)]
    [TestCase("dns:///segments:5103", true)]
    [TestCase("dns://8.8.8.8/segments:5103", false)]
    [TestCase("dns:///", false)]
    [TestCase("dapr:///segments", true)]
    [TestCase("dapr://segments", false)]
    [TestCase("dapr:///", false)]
    [TestCase("dapr:///segments/more", false)]
    [TestCase("ftp://segments", false)]
    [TestCase("segments", false)]
    [TestCase(null, false)]
    public void Address_is_one_of_a_server_or_a_name(string? address, bool isValid)
    {
        var peer = new PeerAddress { Address = address };
        Assert.That(peer.IsValid, Is.EqualTo(isValid));
        if (isValid)
        {
            Assert.That(() => peer.Connect(SidecarOptions.Of(new ConfigurationBuilder().Build())).Dispose(), Throws.Nothing);
        }
    }

    private static bool HasRequestId(MethodDescriptor method) => method.InputType.FindFieldByName("request_id") is not null;

    private sealed class Restarting : EnvironmentService.EnvironmentServiceBase
    {
        private int _calls;

        public int Calls => _calls;

        public override Task<EffectiveRole> GetEffectiveRole(GetEffectiveRoleRequest request, ServerCallContext context) => Interlocked.Increment(ref _calls) <= 2
            ? throw new RpcException(new Status(StatusCode.Unavailable, "Stopping."))
            : Task.FromResult(new EffectiveRole { Role = Role.Viewer, EnvironmentExists = true });
    }
}
