using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.EndToEnd.Staging;
using CustomerInsights.Quickstart.Sampling;

namespace CustomerInsights.EndToEnd.Delivering;

/// <summary>
/// A day in the life of a story: some join, some are born, some leave, some move, one is deleted; some change what Braze is
/// not told, and some change outside the segment.
/// </summary>
internal static class ManyChanges
{
    public const int Customers = 10_000;

    /// <summary>Imports them into a story of <see cref="Customers"/> mixed ones: 45 join, 25 move, 31 leave.</summary>
    /// <returns>Those who leave.</returns>
    public static async Task<IReadOnlyList<SampleCustomer>> ImportAsync(SegmentStory story, CancellationToken cancellationToken)
    {
        var customers = SegmentStory.Mixed(Customers).ToList();
        var members = customers.Where(c => c.IsBigSpender).ToList();
        var others = customers.Where(c => !c.IsBigSpender).ToList();
        var leavers = members.Take(30).Select(c => c with { Points = 0, Vip = false }).ToList();
        var deleted = members.Skip(30).Take(1).ToList();
        await story.ImportAsync(
            [
                .. others.Take(40).Select(c => c with { Country = "FR", Vip = true }),
                .. SegmentStory.Members(Customers + 5).Skip(Customers),
                .. leavers,
                .. members.Skip(31).Take(25).Select(c => c with { Email = $"moved.{c.Email}" }),
                .. members.Skip(60).Take(20).Select(c => c with { City = "Elsewhere" }),
                .. others.Skip(40).Take(15).Select(c => c with { Email = $"moved.{c.Email}" }),
                .. deleted,
            ],
            deleted.Select(c => c.Id).ToHashSet(),
            cancellationToken);
        return [.. leavers, .. deleted];
    }

    public static async Task AssertOnlyTheyAreSentAsync(Story story, Func<Task<SegmentRefresh>> refresh, CancellationToken cancellationToken)
    {
        var before = story.Expected;
        var gone = await ImportAsync(story, cancellationToken);
        await story.Braze.ChangeSettingsAsync(new { Journal = "bodies" }, cancellationToken);
        var last = await story.Braze.LastRequestAsync(cancellationToken);

        var run = await story.DeliveredAsync(await refresh(), cancellationToken);

        await story.AssertBrazeEqualsSegmentAsync(cancellationToken);
        var sent = await story.SentAsync(last, before, cancellationToken);
        Assert.Multiple(() =>
        {
            Assert.That(sent.Missing, Is.Empty, "changes that were not sent");
            Assert.That(sent.Surplus, Is.Empty, "sent without a change");
            Assert.That((sent.Joined.Count, sent.Changed.Count, sent.Left.Count), Is.EqualTo((45, 25, 31)));
            Assert.That((run.Counts.Added, run.Counts.Updated, run.Counts.Removed), Is.EqualTo((45L, 25L, 31L)));
        });
        await AssertAttributeIsGoneAsync(story, gone, cancellationToken);
    }

    private static async Task AssertAttributeIsGoneAsync(Story story, IReadOnlyList<SampleCustomer> leavers, CancellationToken cancellationToken)
    {
        var left = leavers.Select(c => c.BrazeId).ToHashSet();
        var found = 0;
        await foreach (var user in story.Braze.UsersAsync(cancellationToken))
        {
            if (user.ExternalId is not null && left.Contains(user.ExternalId))
            {
                found++;
                Assert.That(user.Attributes.Keys, Does.Not.Contain(story.SegmentAttribute), user.ExternalId);
                Assert.That(user.Attributes.Keys, Does.Contain("email"), $"{user.ExternalId} left the segment, and stays a user");
            }
        }

        Assert.That(found, Is.EqualTo(left.Count), "leavers stay users");
    }
}
