using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Tests.Hosting;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.ServiceDefaults.Tests.Identity;

[Parallelizable]
public sealed class CallerDoorTests
{
    private const string Schema = "environments/contoso/profileSchema";

    private ServiceHarness _harness = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _harness = await ServiceHarness.StartAsync(new ProbeApp());
        _harness.Roles
            .Assign("contoso", "user:vera", Role.Viewer)
            .Assign("contoso", "group:makers", Role.Contributor)
            .Assign("fabrikam", "user:vera", Role.Administrator);
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _harness.DisposeAsync();

    [Test]
    public async Task Role_of_the_environment_opens_the_method()
    {
        var schema = await Of("user:vera").GetProfileSchemaAsync(new GetProfileSchemaRequest { Name = Schema });
        Assert.That(schema.Name, Is.EqualTo(Schema));
    }

    [Test]
    public async Task Handler_sees_the_caller()
    {
        await Of("user:vera", "group:readers").GetProfileSchemaAsync(new GetProfileSchemaRequest { Name = Schema });
        var seen = _harness.Services.GetRequiredService<ProbeAnswers>().Caller!;
        Assert.That((seen.Principal, seen.Groups.Single(), seen.Service, seen.IsPlatformAdministrator), Is.EqualTo(("user:vera", "group:readers", (string?)null, false)));
    }

    [Test]
    public void Role_of_another_environment_does_not_count() => Refused(
        () => Of("user:vera").UpdateProfileSchemaAsync(Update(Schema)).ResponseAsync, StatusCode.PermissionDenied, "ROLE_MISSING");

    [Test]
    public async Task Role_of_a_group_counts_for_its_members() =>
        Assert.That(await Of("user:mara", "group:makers").UpdateProfileSchemaAsync(Update(Schema)), Is.Not.Null);

    [Test]
    public void Environment_that_does_not_exist_looks_like_one_without_a_right()
    {
        var missing = Refused(() => Of("user:vera").GetProfileSchemaAsync(new GetProfileSchemaRequest { Name = "environments/nowhere/profileSchema" }).ResponseAsync, StatusCode.PermissionDenied, "ROLE_MISSING");
        var foreign = Refused(() => Of("user:nobody").GetProfileSchemaAsync(new GetProfileSchemaRequest { Name = Schema }).ResponseAsync, StatusCode.PermissionDenied, "ROLE_MISSING");
        Assert.That(missing.Status.Detail, Is.EqualTo(foreign.Status.Detail));
    }

    [TestCase("")]
    [TestCase("contoso")]
    [TestCase("environments/")]
    [TestCase("environments/CONTOSO/profileSchema")]
    public void Name_without_an_environment_is_named(string name)
    {
        var refused = Refused(() => Of("user:vera").GetProfileSchemaAsync(new GetProfileSchemaRequest { Name = name }).ResponseAsync, StatusCode.InvalidArgument, null);
        Assert.That(FieldsOf(refused), Is.EqualTo(new[] { "name" }));
    }

    [Test]
    public void Nested_name_is_found_and_named_by_its_path()
    {
        Assert.That(FieldsOf(Refused(() => Of("user:vera").UpdateProfileSchemaAsync(new UpdateProfileSchemaRequest()).ResponseAsync, StatusCode.InvalidArgument, null)), Is.EqualTo(new[] { "profile_schema.name" }));
        Assert.That(FieldsOf(Refused(() => Of("user:vera").UpdateProfileSchemaAsync(Update("x")).ResponseAsync, StatusCode.InvalidArgument, null)), Is.EqualTo(new[] { "profile_schema.name" }));
    }

    [Test]
    public async Task Client_stream_is_judged_by_its_first_message_which_the_handler_sees_again()
    {
        var response = await ImportAsync(Of("user:mara", "group:makers"), Header("environments/contoso"), Chunk(), Chunk());
        Assert.That((response.RowsRead, response.Inserted), Is.EqualTo((3L, 1L)));
    }

    [Test]
    public void Client_stream_without_a_right_or_a_name_is_refused()
    {
        Refused(() => ImportAsync(Of("user:vera"), Header("environments/contoso")), StatusCode.PermissionDenied, "ROLE_MISSING");
        Assert.That(FieldsOf(Refused(() => ImportAsync(Of("user:vera"), Chunk()), StatusCode.InvalidArgument, null)), Is.EqualTo(new[] { "header.parent" }));
        Assert.That(FieldsOf(Refused(() => ImportAsync(Of("user:vera")), StatusCode.InvalidArgument, null)), Is.EqualTo(new[] { "header.parent" }));
    }

    [Test]
    public void Method_without_a_stated_requirement_refuses_everybody()
    {
        Refused(() => Of("user:vera").UpsertProfilesAsync(new UpsertProfilesRequest { Parent = "environments/contoso" }).ResponseAsync, StatusCode.PermissionDenied, "METHOD_NOT_DECLARED");
        Refused(() => Of("service:exports").UpsertProfilesAsync(new UpsertProfilesRequest { Parent = "environments/contoso" }).ResponseAsync, StatusCode.PermissionDenied, "METHOD_NOT_DECLARED");
    }

    [Test]
    public void Caller_without_a_valid_token_is_unauthenticated()
    {
        Refused(() => With(null).DeleteProfilesAsync(new DeleteProfilesRequest()).ResponseAsync, StatusCode.Unauthenticated, "TOKEN_MISSING");
        Refused(() => With("nonsense").DeleteProfilesAsync(new DeleteProfilesRequest()).ResponseAsync, StatusCode.Unauthenticated, "TOKEN_INVALID");
        var foreign = new DevelopmentIssuer(new byte[32], TimeProvider.System).Sign(new Caller("user:vera", []), TimeSpan.FromHours(1));
        Refused(() => With(foreign).DeleteProfilesAsync(new DeleteProfilesRequest()).ResponseAsync, StatusCode.Unauthenticated, "TOKEN_INVALID");
    }

    [Test]
    public async Task Method_for_one_service_opens_for_that_service_only()
    {
        Assert.That(await Of("service:exports").GetProfileStatisticsAsync(new GetProfileStatisticsRequest()), Is.Not.Null);
        Refused(() => Of("service:connections").GetProfileStatisticsAsync(new GetProfileStatisticsRequest()).ResponseAsync, StatusCode.PermissionDenied, "SERVICE_ONLY");
        Refused(() => Of("user:exports").GetProfileStatisticsAsync(new GetProfileStatisticsRequest()).ResponseAsync, StatusCode.PermissionDenied, "SERVICE_ONLY");
    }

    [Test]
    public async Task Service_named_beside_a_role_needs_no_role_and_others_have_none()
    {
        var asked = _harness.Roles.Questions;
        Assert.That(await Of("service:exports").UpdateProfileSchemaAsync(Update(Schema)), Is.Not.Null);
        Assert.That(await Of("service:worker-anything").UpdateProfileSchemaAsync(Update(Schema)), Is.Not.Null);
        Refused(() => Of("service:connections").UpdateProfileSchemaAsync(Update(Schema)).ResponseAsync, StatusCode.PermissionDenied, "ROLE_MISSING");
        Refused(() => Of("service:networker-braze").UpdateProfileSchemaAsync(Update(Schema)).ResponseAsync, StatusCode.PermissionDenied, "ROLE_MISSING");
        Assert.That(_harness.Roles.Questions, Is.EqualTo(asked));
    }

    private static RpcException Refused(Func<Task> call, StatusCode code, string? reason)
    {
        var refused = Assert.ThrowsAsync<RpcException>(() => call())!;
        Assert.That((refused.StatusCode, refused.GetReason()), Is.EqualTo((code, reason)), refused.Status.Detail);
        return refused;
    }

    private static IEnumerable<string> FieldsOf(RpcException refused) =>
        refused.GetRichStatus()!.Details.Single(detail => detail.Is(BadRequest.Descriptor)).Unpack<BadRequest>().FieldViolations.Select(violation => violation.Field);

    private static UpdateProfileSchemaRequest Update(string name) => new() { ProfileSchema = new ProfileSchema { Name = name } };

    private static ImportProfilesRequest Header(string parent) => new() { Header = new ImportHeader { Parent = parent } };

    private static ImportProfilesRequest Chunk() => new() { Chunk = ByteString.CopyFromUtf8(Some.Id()) };

    private static async Task<ImportProfilesResponse> ImportAsync(ProfileService.ProfileServiceClient client, params ImportProfilesRequest[] messages)
    {
        using var call = client.ImportProfiles();
        foreach (var message in messages)
        {
            await call.RequestStream.WriteAsync(message);
        }

        await call.RequestStream.CompleteAsync();
        return await call;
    }

    private ProfileService.ProfileServiceClient Of(string principal, params string[] groups) => _harness.ClientOf<ProfileService.ProfileServiceClient>(principal, false, groups);

    private ProfileService.ProfileServiceClient With(string? token) => _harness.ClientWith<ProfileService.ProfileServiceClient>(token);
}
