using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Storage;
using Grpc.Core;

namespace CustomerInsights.Environments.Tests.Permitting;

public sealed class RolesTests(Engine engine) : EnvironmentsFixture(engine)
{
    [Test]
    public async Task Assigned_role_replaces_the_one_before_and_both_are_audited()
    {
        var name = await CreateAsync();
        Time.Advance(TimeSpan.FromHours(1));
        var first = await AssignAsync(name, "user:ada", Role.Viewer);
        var second = await AssignAsync(name, "user:ada", Role.Contributor);

        Assert.That((first.Role, second.Role, second.AssignedBy, second.AssignTime.ToDateTimeOffset()), Is.EqualTo((Role.Viewer, Role.Contributor, "user:root", Time.GetUtcNow())));
        Assert.That((await ListAsync(name)).Select(a => (a.Principal, a.Role)), Is.EqualTo(new[] { ("user:ada", Role.Contributor), ("user:root", Role.Administrator) }));
        Assert.That((await AuditOfAsync(name)).Skip(1), Is.EqualTo(new[] { "user:root ROLE_ASSIGNED user:ada ->1", "user:root ROLE_ASSIGNED user:ada 1>2" }));
    }

    [Test]
    public async Task Same_role_again_changes_nothing()
    {
        var name = await CreateAsync();
        var first = await AssignAsync(name, "user:ada", Role.Viewer);
        Time.Advance(TimeSpan.FromHours(1));
        Assert.That(await AssignAsync(name, "user:ada", Role.Viewer), Is.EqualTo(first));
        Assert.That(await AuditOfAsync(name), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Removed_role_is_gone_and_audited()
    {
        var name = await CreateAsync();
        await AssignAsync(name, "application:importer", Role.Contributor);
        Time.Advance(TimeSpan.FromSeconds(1));
        await Root.RemoveRoleAsync(new RemoveRoleRequest { Parent = name, Principal = "application:importer" });
        Assert.That((await ListAsync(name)).Select(a => a.Principal), Is.EqualTo(new[] { "user:root" }));
        Assert.That((await AuditOfAsync(name))[^1], Is.EqualTo("user:root ROLE_REMOVED application:importer 2>-"));
        Refused(Root.RemoveRoleAsync(new RemoveRoleRequest { Parent = name, Principal = "application:importer" }), StatusCode.NotFound, "NOT_FOUND");
    }

    [Test]
    public async Task Last_administrator_can_neither_be_removed_nor_made_less()
    {
        var name = await CreateAsync();
        Refused(Root.RemoveRoleAsync(new RemoveRoleRequest { Parent = name, Principal = "user:root" }), StatusCode.FailedPrecondition, "LAST_ADMINISTRATOR");
        Refused(Root.AssignRoleAsync(new AssignRoleRequest { Parent = name, Principal = "user:root", Role = Role.Viewer }), StatusCode.FailedPrecondition, "LAST_ADMINISTRATOR");

        await AssignAsync(name, "group:owners", Role.Administrator);
        await Root.RemoveRoleAsync(new RemoveRoleRequest { Parent = name, Principal = "user:root" });
        Refused(Root.ListRoleAssignmentsAsync(new ListRoleAssignmentsRequest { Parent = name }), StatusCode.PermissionDenied, "ROLE_MISSING");
    }

    [Test]
    public async Task Two_administrators_that_remove_each_other_leave_one()
    {
        for (var i = 0; i < 5; i++)
        {
            var name = await CreateAsync();
            await AssignAsync(name, "user:ada", Role.Administrator);
            var attempts = new[] { ("user:root", "user:ada"), ("user:ada", "user:root") }.Select(async pair =>
            {
                try
                {
                    await Of(pair.Item1).RemoveRoleAsync(new RemoveRoleRequest { Parent = name, Principal = pair.Item2 });
                    return true;
                }
                catch (RpcException refused) when (refused.StatusCode is StatusCode.FailedPrecondition or StatusCode.PermissionDenied)
                {
                    return false;
                }
            });
            Assert.That((await Task.WhenAll(attempts)).Count(done => done), Is.EqualTo(1));
        }
    }

    [Test]
    public async Task All_bad_fields_are_named_at_once()
    {
        var name = await CreateAsync();
        Assert.That(
            FieldsOf(Refused(Root.AssignRoleAsync(new AssignRoleRequest { Parent = name, Principal = "ada", Role = (Role)9 }), StatusCode.InvalidArgument)),
            Is.EqualTo(new[] { "principal", "role" }));
        Assert.That(FieldsOf(Refused(Root.RemoveRoleAsync(new RemoveRoleRequest { Parent = name, Principal = "service:exports" }), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "principal" }));
        Assert.That(FieldsOf(Refused(Root.AssignRoleAsync(new AssignRoleRequest { Parent = $"{name}/x/y", Principal = "user:a", Role = Role.Viewer }), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "parent" }));
    }

    [Test]
    public async Task Viewers_and_contributors_do_not_touch_roles()
    {
        var name = await CreateAsync();
        await AssignAsync(name, "user:carl", Role.Contributor);
        var carl = Of("user:carl");
        Refused(carl.ListRoleAssignmentsAsync(new ListRoleAssignmentsRequest { Parent = name }), StatusCode.PermissionDenied, "ROLE_MISSING");
        Refused(carl.AssignRoleAsync(new AssignRoleRequest { Parent = name, Principal = "user:carl", Role = Role.Administrator }), StatusCode.PermissionDenied, "ROLE_MISSING");
        Refused(carl.RemoveRoleAsync(new RemoveRoleRequest { Parent = name, Principal = "user:root" }), StatusCode.PermissionDenied, "ROLE_MISSING");
    }

    [Test]
    public async Task Highest_role_of_principal_and_groups_wins()
    {
        var name = await CreateAsync();
        await AssignAsync(name, "user:ada", Role.Viewer);
        await AssignAsync(name, "group:makers", Role.Contributor);
        var exports = Of("service:exports");

        Assert.That(await exports.GetEffectiveRoleAsync(Ask(name, "user:ada")), Is.EqualTo(new EffectiveRole { Role = Role.Viewer, EnvironmentExists = true }));
        Assert.That((await exports.GetEffectiveRoleAsync(Ask(name, "user:ada", "group:makers", "group:others"))).Role, Is.EqualTo(Role.Contributor));
        Assert.That(await exports.GetEffectiveRoleAsync(Ask(name, "application:ada")), Is.EqualTo(new EffectiveRole { Role = Role.Unspecified, EnvironmentExists = true }));
        Assert.That(await exports.GetEffectiveRoleAsync(Ask("environments/nowhere", "user:ada")), Is.EqualTo(new EffectiveRole()));
    }

    [Test]
    public void Effective_role_is_for_services_and_checks_its_question()
    {
        Refused(Root.GetEffectiveRoleAsync(Ask("environments/contoso", "user:ada")), StatusCode.PermissionDenied, "SERVICE_ONLY");
        Assert.That(
            FieldsOf(Refused(Of("service:exports").GetEffectiveRoleAsync(Ask("contoso", "group:makers", "makers")), StatusCode.InvalidArgument)),
            Is.EqualTo(new[] { "parent", "principal", "groups" }));
    }

    [Test]
    public async Task Assignments_are_paged_in_the_byte_order_of_the_principals()
    {
        var name = await CreateAsync();
        foreach (var user in new[] { "user:a-c", "user:ab", "user:B" })
        {
            await AssignAsync(name, user, Role.Viewer);
        }

        var first = await Root.ListRoleAssignmentsAsync(new ListRoleAssignmentsRequest { Parent = name, PageSize = 3 });
        var second = await Root.ListRoleAssignmentsAsync(new ListRoleAssignmentsRequest { Parent = name, PageSize = 3, PageToken = first.NextPageToken });
        Assert.That(first.RoleAssignments.Concat(second.RoleAssignments).Select(a => a.Principal), Is.EqualTo(new[] { "user:B", "user:a-c", "user:ab", "user:root" }));
        Assert.That(second.NextPageToken, Is.Empty);
    }

    private static GetEffectiveRoleRequest Ask(string parent, string principal, params string[] groups) => new() { Parent = parent, Principal = principal, Groups = { groups } };

    // The audit trail is ordered by time, which stands still unless told.
    private async Task<RoleAssignment> AssignAsync(string parent, string principal, Role role)
    {
        Time.Advance(TimeSpan.FromSeconds(1));
        return await Root.AssignRoleAsync(new AssignRoleRequest { Parent = parent, Principal = principal, Role = role });
    }

    private async Task<IEnumerable<RoleAssignment>> ListAsync(string parent) =>
        (await Root.ListRoleAssignmentsAsync(new ListRoleAssignmentsRequest { Parent = parent })).RoleAssignments;
}
