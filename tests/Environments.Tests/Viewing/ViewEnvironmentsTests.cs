using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Grpc.Core;

namespace CustomerInsights.Environments.Tests.Viewing;

public sealed class ViewEnvironmentsTests(Engine engine) : EnvironmentsFixture(engine)
{
    [Test]
    public async Task List_holds_environments_with_a_role_of_the_caller_or_its_groups_by_name()
    {
        var (ada, makers) = ($"user:{Some.Name("ada")}", $"group:{Some.Name("makers")}");
        var names = new List<string>();
        foreach (var principal in new[] { ada, makers, makers, "user:somebody-else" })
        {
            names.Add(await CreateAsync());
            await Root.AssignRoleAsync(new AssignRoleRequest { Parent = names[^1], Principal = principal, Role = Role.Viewer });
        }

        var listed = await Of(ada, false, makers).ListEnvironmentsAsync(new ListEnvironmentsRequest());
        Assert.That(listed.Environments.Select(environment => environment.Name), Is.EqualTo(names.Take(3).Order(StringComparer.Ordinal)));
        Assert.That(listed.NextPageToken, Is.Empty);
        Assert.That((await Of("user:nobody").ListEnvironmentsAsync(new ListEnvironmentsRequest())).Environments, Is.Empty);
    }

    [Test]
    public async Task Pages_follow_each_other_without_gap_or_repeat()
    {
        var root = Of($"user:{Some.Name("root")}", platformAdministrator: true);
        var prefix = Some.EnvironmentId();
        foreach (var end in new[] { "bb", "b-c", "b1", "a", "-b" })
        {
            await root.CreateEnvironmentAsync(Request(prefix + end));
        }

        var (names, token, pages) = (new List<string>(), "", 0);
        do
        {
            var page = await root.ListEnvironmentsAsync(new ListEnvironmentsRequest { PageSize = 2, PageToken = token });
            names.AddRange(page.Environments.Select(environment => environment.Name));
            (token, pages) = (page.NextPageToken, pages + 1);
        }
        while (token.Length > 0);

        Assert.That(pages, Is.EqualTo(3));
        Assert.That(names, Is.EqualTo(new[] { "-b", "a", "b-c", "b1", "bb" }.Select(end => $"environments/{prefix}{end}")), "in byte order");
    }

    [TestCase(-1, "", "page_size")]
    [TestCase(1001, "", "page_size")]
    [TestCase(0, "nonsense", "page_token")]
    public void Bad_paging_is_named(int size, string token, string field) => Assert.That(
        FieldsOf(Refused(Root.ListEnvironmentsAsync(new ListEnvironmentsRequest { PageSize = size, PageToken = token }), StatusCode.InvalidArgument)), Is.EqualTo(new[] { field }));

    [Test]
    public async Task Environment_shows_to_its_viewers_only()
    {
        var name = await CreateAsync();
        Refused(Of("user:vera").GetEnvironmentAsync(new GetEnvironmentRequest { Name = name }), StatusCode.PermissionDenied, "ROLE_MISSING");
        await Root.AssignRoleAsync(new AssignRoleRequest { Parent = name, Principal = "user:vera", Role = Role.Viewer });
        Assert.That((await Of("user:vera").GetEnvironmentAsync(new GetEnvironmentRequest { Name = name })).Name, Is.EqualTo(name));
    }

    [TestCase("")]
    [TestCase("contoso")]
    [TestCase("environments/Contoso")]
    public void Malformed_name_is_refused(string name) => Assert.That(
        FieldsOf(Refused(Root.GetEnvironmentAsync(new GetEnvironmentRequest { Name = name }), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "name" }));

    [Test]
    public async Task Name_with_more_behind_the_environment_is_refused()
    {
        var name = await CreateAsync();
        Refused(Root.GetEnvironmentAsync(new GetEnvironmentRequest { Name = $"{name}/segments/vip" }), StatusCode.InvalidArgument);
    }
}
