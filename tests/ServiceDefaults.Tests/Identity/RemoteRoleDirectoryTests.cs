using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Tests.Hosting;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Grpc.Core;

namespace CustomerInsights.ServiceDefaults.Tests.Identity;

[Parallelizable(ParallelScope.All)]
public sealed class RemoteRoleDirectoryTests
{
    [Test]
    public async Task Role_is_remembered_for_as_long_as_configured()
    {
        var time = new ManualTimeProvider();
        await using var harness = await StartAsync(time, "00:00:10");
        harness.Roles.Assign("contoso", "user:vera", Role.Viewer);
        var vera = harness.ClientOf<ProfileService.ProfileServiceClient>("user:vera");

        await ReadAsync(vera);
        harness.Roles.Assign("contoso", "user:vera", Role.Unspecified);
        await ReadAsync(vera);
        Assert.That(harness.Roles.Questions, Is.EqualTo(1));

        time.Advance(TimeSpan.FromSeconds(10));
        Assert.That(Assert.ThrowsAsync<RpcException>(() => ReadAsync(vera))!.StatusCode, Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That(harness.Roles.Questions, Is.EqualTo(2));
    }

    [Test]
    public async Task Groups_and_environment_are_part_of_the_question()
    {
        await using var harness = await StartAsync(new ManualTimeProvider(), "00:00:10");
        harness.Roles.Assign("contoso", "group:readers", Role.Viewer);
        await ReadAsync(harness.ClientOf<ProfileService.ProfileServiceClient>("user:vera", false, "group:readers"));
        Assert.That(
            Assert.ThrowsAsync<RpcException>(() => ReadAsync(harness.ClientOf<ProfileService.ProfileServiceClient>("user:vera")))!.StatusCode,
            Is.EqualTo(StatusCode.PermissionDenied), "without the group, the same person has no role");
    }

    [TestCase(StatusCode.Unavailable, StatusCode.Unavailable)]
    [TestCase(StatusCode.PermissionDenied, StatusCode.Internal)]
    [TestCase(StatusCode.Unauthenticated, StatusCode.Internal)]
    public async Task Failure_of_environments_is_not_told_as_the_callers_fault(StatusCode answer, StatusCode expected)
    {
        await using var harness = await ServiceHarness.StartAsync(new ProbeApp(), new HarnessOptions { Fakes = [new FailingEnvironments(answer)] });
        harness.Logs.Announce("GetProfileSchema failed");
        Assert.That(Assert.ThrowsAsync<RpcException>(() => ReadAsync(harness.ClientOf<ProfileService.ProfileServiceClient>("user:vera")))!.StatusCode, Is.EqualTo(expected));
    }

    private static Task<ServiceHarness> StartAsync(TimeProvider time, string cacheFor) => ServiceHarness.StartAsync(
        new ProbeApp(), new HarnessOptions { Time = time, Settings = new Dictionary<string, string?> { ["Roles:CacheFor"] = cacheFor } });

    private static Task<ProfileSchema> ReadAsync(ProfileService.ProfileServiceClient client) =>
        client.GetProfileSchemaAsync(new GetProfileSchemaRequest { Name = "environments/contoso/profileSchema" }).ResponseAsync;

    private sealed class FailingEnvironments(StatusCode code) : EnvironmentService.EnvironmentServiceBase
    {
        public override Task<EffectiveRole> GetEffectiveRole(GetEffectiveRoleRequest request, ServerCallContext context) =>
            throw new RpcException(new Status(code, "No."));
    }
}
