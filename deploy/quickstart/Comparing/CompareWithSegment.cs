namespace CustomerInsights.Quickstart.Comparing;

/// <summary>What a comparison found.</summary>
/// <param name="Members">Members that Braze should know.</param>
/// <param name="Differences">At most some, each with the external id; empty when Braze equals the segment.</param>
internal sealed record Comparison(int Members, IReadOnlyList<string> Differences)
{
    public bool AreEqual => Differences.Count == 0;
}

/// <summary>
/// Compares the users of the stand-in with the members of a segment, attribute by attribute. A user without the segment's
/// attribute may have any other values: what was sent to a leaver while it was a member stays there.
/// </summary>
internal static class CompareWithSegment
{
    private const int MaxDifferences = 20;

    public static async Task<Comparison> RunAsync(
        BrazeStandIn braze, string segmentAttribute, IReadOnlyDictionary<string, ExpectedUser> expected, CancellationToken cancellationToken)
    {
        var differences = new List<string>();
        var seen = new HashSet<string>();
        await foreach (var user in braze.UsersAsync(cancellationToken))
        {
            if (user.ExternalId is null)
            {
                differences.Add("a user without external id");
            }
            else if (expected.TryGetValue(user.ExternalId, out var member))
            {
                seen.Add(user.ExternalId);
                differences.AddRange(member.Differences(user.Attributes).Select(difference => $"{user.ExternalId}: {difference}"));
            }
            else if (user.Attributes.ContainsKey(segmentAttribute))
            {
                differences.Add($"{user.ExternalId}: is no member, but has {segmentAttribute}");
            }
        }

        differences.AddRange(expected.Keys.Where(id => !seen.Contains(id)).Select(id => $"{id}: is a member, but Braze does not know it"));
        return new Comparison(expected.Count, [.. differences.Take(MaxDifferences)]);
    }
}
