using System.Security.Cryptography;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Tests.Hosting;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.ServiceDefaults.Tests.Identity;

[Parallelizable(ParallelScope.All)]
public sealed class PeerCallsTests
{
    [Test]
    public async Task Call_of_another_process_carries_identity_deadline_and_trace()
    {
        var seen = new Listener();
        await using var harness = await ServiceHarness.StartAsync(new ProbeApp(), new HarnessOptions { Fakes = [seen] });
        await harness.ClientOf<ProfileService.ProfileServiceClient>("user:vera").GetProfileSchemaAsync(new GetProfileSchemaRequest { Name = "environments/contoso/profileSchema" });

        var verified = await harness.Services.GetRequiredService<TokenVerifier>().VerifyAsync(seen.Headers!.GetValue("authorization"), CancellationToken.None);
        Assert.That(verified.Value.Principal, Is.EqualTo("service:segments"));
        Assert.That(seen.Headers!.GetValue("traceparent"), Does.Match("^00-[0-9a-f]{32}-[0-9a-f]{16}-"));
        Assert.That(seen.Remaining, Is.InRange(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(30)));
    }

    [Test]
    public void Development_token_is_kept_and_renewed_before_it_expires()
    {
        var time = new ManualTimeProvider();
        var identity = ServiceIdentity.Development("segments", new DevelopmentIssuer(RandomNumberGenerator.GetBytes(32), time), time);
        var first = identity.Token();
        time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.That(identity.Token(), Is.SameAs(first));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.That(identity.Token(), Is.Not.EqualTo(first));
    }

    [Test]
    public void Token_file_is_read_again_after_a_minute()
    {
        var time = new ManualTimeProvider();
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "first\n");
        var identity = ServiceIdentity.OfFile(file, time);
        Assert.That(identity.Token(), Is.EqualTo("first"));
        File.WriteAllText(file, "second\n");
        Assert.That(identity.Token(), Is.EqualTo("first"));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(identity.Token(), Is.EqualTo("second"));
        File.Delete(file);
    }

    private sealed class Listener : EnvironmentService.EnvironmentServiceBase
    {
        public Metadata? Headers { get; private set; }

        public TimeSpan Remaining { get; private set; }

        public override Task<EffectiveRole> GetEffectiveRole(GetEffectiveRoleRequest request, ServerCallContext context)
        {
            (Headers, Remaining) = (context.RequestHeaders, context.Deadline - TimeProvider.System.GetUtcNow().UtcDateTime);
            return Task.FromResult(new EffectiveRole { Role = Role.Viewer, EnvironmentExists = true });
        }
    }
}
