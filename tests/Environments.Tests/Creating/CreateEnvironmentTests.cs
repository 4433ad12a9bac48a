using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Grpc.Core;
using Environment = CustomerInsights.Contracts.Environments.V1.Environment;

namespace CustomerInsights.Environments.Tests.Creating;

public sealed class CreateEnvironmentTests(Engine engine) : EnvironmentsFixture(engine)
{
    [Test]
    public async Task Environment_is_created_as_asked_with_defaults_for_the_rest()
    {
        var id = Some.EnvironmentId();
        var created = await Root.CreateEnvironmentAsync(Request(id));
        Assert.That(created, Is.EqualTo(new Environment
        {
            Name = $"environments/{id}", DisplayName = "Contoso", Type = EnvironmentType.Production, PrimaryAudience = PrimaryAudience.IndividualConsumers,
            Region = "westeurope", StorageKind = StorageKind.InternalManaged, CreateTime = created.CreateTime, Etag = created.Etag,
        }));
        Assert.That(created.CreateTime.ToDateTimeOffset(), Is.EqualTo(Time.GetUtcNow()));
        Assert.That(created.Etag, Is.Not.Empty);
        Assert.That(await Root.GetEnvironmentAsync(new GetEnvironmentRequest { Name = created.Name }), Is.EqualTo(created));
    }

    [Test]
    public async Task Creator_becomes_administrator_and_that_is_audited()
    {
        var name = await CreateAsync();
        var assigned = (await Root.ListRoleAssignmentsAsync(new ListRoleAssignmentsRequest { Parent = name })).RoleAssignments.Single();
        Assert.That((assigned.Principal, assigned.Role, assigned.AssignedBy), Is.EqualTo(("user:root", Role.Administrator, "user:root")));
        Assert.That(await AuditOfAsync(name), Is.EqualTo(new[] { "user:root ENVIRONMENT_CREATED user:root ->3" }));
    }

    [Test]
    public void Caller_without_the_platform_role_is_refused_before_anything_is_checked() =>
        Refused(Of("user:ada").CreateEnvironmentAsync(new CreateEnvironmentRequest()), StatusCode.PermissionDenied, "PLATFORM_ADMINISTRATOR_REQUIRED");

    [Test]
    public void All_bad_fields_are_named_at_once()
    {
        var request = new CreateEnvironmentRequest
        {
            EnvironmentId = "X",
            RequestId = new string('r', 65),
            Environment = new Environment
            {
                DisplayName = " ", Region = "West Europe", StorageKind = (StorageKind)9, PrimaryAudience = (PrimaryAudience)9, AttachedOrganization = "http://org.example.com",
            },
        };
        Assert.That(FieldsOf(Refused(Root.CreateEnvironmentAsync(request), StatusCode.InvalidArgument)), Is.EquivalentTo(new[]
        {
            "environment_id", "request_id", "environment.display_name", "environment.region", "environment.attached_organization",
            "environment.type", "environment.primary_audience", "environment.storage_kind",
        }));
        Assert.That(FieldsOf(Refused(Root.CreateEnvironmentAsync(new CreateEnvironmentRequest()), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "environment_id", "environment" }));
    }

    [TestCase("ab")]
    [TestCase("1contoso")]
    [TestCase("Contoso")]
    [TestCase("con toso")]
    [TestCase("con_toso")]
    [TestCase("-contoso")]
    [TestCase("cöntoso")]
    public void Id_outside_its_alphabet_or_length_is_refused(string id) =>
        Assert.That(FieldsOf(Refused(Root.CreateEnvironmentAsync(Request(id)), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "environment_id" }));

    [TestCase("", true)]
    [TestCase("https://org.example.com/main", true)]
    [TestCase("https://user:password@org.example.com", false)]
    [TestCase("org.example.com", false)]
    public async Task Attached_organization_is_an_https_address(string address, bool isValid)
    {
        var request = Request(Some.EnvironmentId());
        request.Environment.AttachedOrganization = address;
        if (isValid)
        {
            Assert.That((await Root.CreateEnvironmentAsync(request)).AttachedOrganization, Is.EqualTo(address));
            return;
        }

        Assert.That(FieldsOf(Refused(Root.CreateEnvironmentAsync(request), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "environment.attached_organization" }));
    }

    [Test]
    public void Lake_of_the_organization_needs_an_organization()
    {
        var request = Request(Some.EnvironmentId());
        request.Environment.StorageKind = StorageKind.OrganizationManagedLake;
        Assert.That(FieldsOf(Refused(Root.CreateEnvironmentAsync(request), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "environment.attached_organization" }));
    }

    [Test]
    public async Task Taken_id_is_refused()
    {
        var id = Some.EnvironmentId();
        await CreateAsync(id);
        Refused(Root.CreateEnvironmentAsync(Request(id)), StatusCode.AlreadyExists, "ALREADY_EXISTS");
    }

    [Test]
    public async Task Repeated_request_returns_the_first_answer()
    {
        var request = Request(Some.EnvironmentId());
        request.RequestId = Some.Id();
        var first = await Root.CreateEnvironmentAsync(request);
        Assert.That(await Root.CreateEnvironmentAsync(request), Is.EqualTo(first));
        Assert.That(await AuditOfAsync(first.Name), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Request_id_of_another_request_or_caller_gives_nothing_away()
    {
        var request = Request(Some.EnvironmentId());
        request.RequestId = Some.Id();
        await Root.CreateEnvironmentAsync(request);

        Refused(Of("user:other", platformAdministrator: true).CreateEnvironmentAsync(request), StatusCode.AlreadyExists, "ALREADY_EXISTS");
        request.Environment.DisplayName = "Another";
        Assert.That(FieldsOf(Refused(Root.CreateEnvironmentAsync(request), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "request_id" }));
    }

    [Test]
    public async Task Twenty_equal_requests_at_once_create_one_environment()
    {
        var request = Request(Some.EnvironmentId());
        request.RequestId = Some.Id();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Root.CreateEnvironmentAsync(request).ResponseAsync));
        Assert.That(answers.Distinct().Count(), Is.EqualTo(1));
        Assert.That(await AuditOfAsync(answers[0].Name), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Rehearsal_checks_and_stores_nothing()
    {
        var request = Request(Some.EnvironmentId());
        request.ValidateOnly = true;
        var rehearsed = await Root.CreateEnvironmentAsync(request);
        Assert.That((rehearsed.Name, rehearsed.CreateTime, rehearsed.Etag), Is.EqualTo(($"environments/{request.EnvironmentId}", (object?)null, "")));
        request.ValidateOnly = false;
        await Root.CreateEnvironmentAsync(request);
        request.ValidateOnly = true;
        Refused(Root.CreateEnvironmentAsync(request), StatusCode.AlreadyExists, "ALREADY_EXISTS");
    }
}
