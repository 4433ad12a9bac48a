using System.Globalization;
using CustomerInsights.Quickstart.Comparing;
using CustomerInsights.Quickstart.Sampling;
using CustomerInsights.Quickstart.Walking;
using CustomerInsights.TestKit;

namespace CustomerInsights.EndToEnd.Staging;

/// <summary>A story with a Braze workspace of its own.</summary>
internal sealed class Story : SegmentStory, IDisposable
{
    private Story(Stage stage, string key)
        : base(stage) => (ApiKey, Braze) = (key, new BrazeStandIn(stage.Topology.SandboxAddress, Id));

    public string ApiKey { get; }

    /// <summary>The workspace.</summary>
    public BrazeStandIn Braze { get; }

    /// <summary>The custom attribute that says who is a member.</summary>
    public string SegmentAttribute => Export.Braze.SegmentApiIdentifier;

    /// <summary>The members, by the id at Braze.</summary>
    public Dictionary<string, ExpectedUser> Expected => Present.ToDictionary(c => c.BrazeId, Expect);

    /// <summary>Sets everything up and imports the customers; nothing is refreshed yet.</summary>
    public static async Task<Story> BeginAsync(Stage stage, IEnumerable<SampleCustomer> customers, CancellationToken cancellationToken, string? apiKey = null)
    {
        var story = new Story(stage, apiKey ?? Some.Name("key"));
        await story.Braze.AllowKeyAsync(story.ApiKey, cancellationToken);
        await story.SetSceneAsync(customers, cancellationToken);
        var connection = await SetUp.ConnectAsync(stage.Insights, story.Environment, stage.Topology.BrazeHost, story.ApiKey, cancellationToken);
        story.Export = await SetUp.CreateExportAsync(stage.Insights, connection, story.Segment, story.File.Export, cancellationToken);
        return story;
    }

    /// <summary>Both as the test knows the customers and as the system shows the segment, Braze knows exactly that.</summary>
    public async Task AssertBrazeEqualsSegmentAsync(CancellationToken cancellationToken, params string[] rejectedCustomerIds)
    {
        var rejected = rejectedCustomerIds.ToHashSet();
        var expected = Present.Where(c => !rejected.Contains(c.Id)).ToDictionary(c => c.BrazeId, Expect);
        var byTest = await CompareWithSegment.RunAsync(Braze, SegmentAttribute, expected, cancellationToken);
        Assert.That(byTest.Differences, Is.Empty, "Braze is not what the test's own customers make it.");
        var shown = await ReadSegment.RunAsync(Stage.Insights, Export, rejected, cancellationToken);
        var bySystem = await CompareWithSegment.RunAsync(Braze, SegmentAttribute, shown, cancellationToken);
        Assert.That(bySystem.Differences, Is.Empty, "Braze is not what the system shows as members.");
        Assert.That(bySystem.Members, Is.EqualTo(byTest.Members), "members shown by the system");
    }

    /// <summary>What was sent after a request, beside what should have been.</summary>
    public Task<SentChanges> SentAsync(long after, IReadOnlyDictionary<string, ExpectedUser> before, CancellationToken cancellationToken) =>
        SentChanges.ReadAsync(Braze, after, SegmentAttribute, (before, Expected), cancellationToken);

    public void Dispose() => Braze.Dispose();

    private ExpectedUser Expect(SampleCustomer customer) => new(customer.BrazeId, new Dictionary<string, object>
    {
        [SegmentAttribute] = true,
        ["email"] = customer.Email,
        ["first_name"] = customer.FirstName,
        ["last_name"] = customer.LastName,
        ["country"] = customer.Country,
        ["loyalty_points"] = Convert.ToDouble(customer.Points, CultureInfo.InvariantCulture),
        ["vip"] = customer.Vip,
    });
}
