using System.Text.Json.Nodes;

namespace CustomerInsights.Quickstart.Comparing;

/// <summary>What a refresh sent, beside what it should have sent.</summary>
/// <param name="Joined">External ids sent as new members.</param>
/// <param name="Changed">External ids sent because a mapped value changed.</param>
/// <param name="Left">External ids from which the segment's attribute was taken.</param>
/// <param name="Missing">External ids that should have been sent and were not.</param>
/// <param name="Surplus">External ids that were sent without need.</param>
/// <param name="Requests">Requests it took.</param>
internal sealed record SentChanges(
    IReadOnlyList<string> Joined, IReadOnlyList<string> Changed, IReadOnlyList<string> Left, IReadOnlyList<string> Missing, IReadOnlyList<string> Surplus, int Requests)
{
    public bool AreExact => Missing.Count == 0 && Surplus.Count == 0;

    /// <summary>Reads the journal after a sequence. It must have kept the bodies.</summary>
    public static async Task<SentChanges> ReadAsync(
        BrazeStandIn braze,
        long after,
        string segmentAttribute,
        (IReadOnlyDictionary<string, ExpectedUser> Before, IReadOnlyDictionary<string, ExpectedUser> Now) segment,
        CancellationToken cancellationToken)
    {
        var members = new SortedSet<string>(StringComparer.Ordinal);
        var leavers = new SortedSet<string>(StringComparer.Ordinal);
        var requests = 0;
        await foreach (var request in braze.RequestsAsync(after, cancellationToken))
        {
            requests++;
            foreach (var sent in request.Sent())
            {
                (IsMember(sent, segmentAttribute) ? members : leavers).Add(sent["external_id"]!.GetValue<string>());
            }
        }

        var (before, now) = segment;
        var joined = now.Keys.Where(id => !before.ContainsKey(id)).ToHashSet();
        var changed = now.Keys.Where(id => before.TryGetValue(id, out var old) && !old.SameAs(now[id])).ToHashSet();
        var left = before.Keys.Where(id => !now.ContainsKey(id)).ToHashSet();
        return new SentChanges(
            [.. members.Where(joined.Contains)],
            [.. members.Where(changed.Contains)],
            [.. leavers.Where(left.Contains)],
            [.. joined.Except(members), .. changed.Except(members), .. left.Except(leavers)],
            [.. members.Where(id => !joined.Contains(id) && !changed.Contains(id)), .. leavers.Where(id => !left.Contains(id))],
            requests);
    }

    private static bool IsMember(JsonObject sent, string segmentAttribute) =>
        sent.TryGetPropertyValue(segmentAttribute, out var value) && value is not null && value.GetValueKind() == System.Text.Json.JsonValueKind.True;
}
