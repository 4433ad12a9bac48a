using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Storage;
using Grpc.Core;

namespace CustomerInsights.Connections.Tests.Viewing;

public sealed class ViewConnectionsTests(Engine engine) : ConnectionsFixture(engine)
{
    [Test]
    public async Task Contributor_sees_name_and_type_of_shared_connections_and_nothing_else()
    {
        var scene = await SetAsync();
        await scene.CreateAsync();
        await scene.CreateAsync(r => (r.ConnectionId, r.Connection.DisplayName, r.Connection.Access) = ("shared", "Shared", ConnectionAccess.Contributors));
        var seen = await scene.As(Scene.Contributor).ListConnectionsAsync(new ListConnectionsRequest { Parent = scene.Parent });
        Assert.That(seen.Connections, Is.EqualTo(new[]
        {
            new Connection { Name = $"{scene.Parent}/connections/shared", DisplayName = "Shared", Braze = new BrazeConnection() },
        }));
    }

    [Test]
    public async Task Administrator_sees_all_page_by_page_without_keys()
    {
        var scene = await SetAsync();
        foreach (var id in new[] { "b-two", "c-three", "a-one" })
        {
            await scene.CreateAsync(r => (r.ConnectionId, r.Connection.DisplayName) = (id, id));
        }

        var first = await scene.Client.ListConnectionsAsync(new ListConnectionsRequest { Parent = scene.Parent, PageSize = 2 });
        var second = await scene.Client.ListConnectionsAsync(new ListConnectionsRequest { Parent = scene.Parent, PageSize = 2, PageToken = first.NextPageToken });
        var all = first.Connections.Concat(second.Connections).ToList();
        Assert.Multiple(() =>
        {
            Assert.That(all.Select(c => c.DisplayName), Is.EqualTo(new[] { "a-one", "b-two", "c-three" }));
            Assert.That(all.Select(c => (c.Braze.Host, c.Braze.ApiKey)), Is.All.EqualTo((scene.Host, "")));
            Assert.That(second.NextPageToken, Is.Empty);
        });
    }

    [Test]
    public async Task List_is_in_the_byte_order_of_the_ids_page_by_page()
    {
        var scene = await SetAsync();
        foreach (var id in new[] { "abd", "ab-c", "ab1", "abc" })
        {
            await scene.CreateAsync(r => (r.ConnectionId, r.Connection.DisplayName) = (id, id));
        }

        var list = new ListConnectionsRequest { Parent = scene.Parent, PageSize = 2 };
        var first = await scene.Client.ListConnectionsAsync(list);
        list.PageToken = first.NextPageToken;
        var second = await scene.Client.ListConnectionsAsync(list);
        Assert.That(first.Connections.Concat(second.Connections).Select(c => c.DisplayName), Is.EqualTo(new[] { "ab-c", "ab1", "abc", "abd" }));
    }

    [Test]
    public async Task Bad_page_is_refused_with_all_its_fields()
    {
        var scene = await SetAsync();
        var refused = await RefusedAsync(
            scene.Client.ListConnectionsAsync(new ListConnectionsRequest { Parent = $"{scene.Parent}/connections", PageSize = -1, PageToken = "?" }), StatusCode.InvalidArgument);
        Assert.That(FieldsOf(refused), Is.EquivalentTo(new[] { "parent", "page_size", "page_token" }));
    }

    [TestCase("environments/{0}")]
    [TestCase("environments/{0}/connections/")]
    [TestCase("environments/{0}/connections/A")]
    [TestCase("environments/{0}/exports/braze")]
    public async Task Malformed_name_is_refused_by_field(string pattern)
    {
        var scene = await SetAsync();
        var name = string.Format(System.Globalization.CultureInfo.InvariantCulture, pattern, scene.Environment);
        Assert.That(FieldsOf(await RefusedAsync(scene.Client.GetConnectionAsync(new GetConnectionRequest { Name = name }), StatusCode.InvalidArgument)), Is.EqualTo(new[] { "name" }));
    }

    [Test]
    public async Task Statement_is_served_to_authenticated_callers()
    {
        using var client = new HttpClient { BaseAddress = new Uri(Harness.HttpAddress) };
        using var unknown = await client.GetAsync("connections/consent-statement", Token);
        client.DefaultRequestHeaders.Authorization = new("Bearer", Harness.TokenFor(Scene.Admin));
        var text = await client.GetStringAsync("connections/consent-statement/2026-11", Token);
        using var missing = await client.GetAsync("connections/consent-statement/1999-01", Token);
        await Assert.MultipleAsync(async () =>
        {
            Assert.That((int)unknown.StatusCode, Is.EqualTo(401));
            Assert.That(text, Does.Contain("version 2026-11").And.Contain("personal data"));
            Assert.That(await client.GetStringAsync("connections/consent-statement", Token), Is.EqualTo(text));
            Assert.That((int)missing.StatusCode, Is.EqualTo(404));
        });
    }
}
