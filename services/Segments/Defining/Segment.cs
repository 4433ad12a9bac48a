using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Defining;

/// <summary>State of a segment (SEG-20). The numbers are those of the wire and of the database.</summary>
internal enum SegmentState
{
    Inactive = 1,
    Active = 2,
}

/// <summary>What people say about a segment.</summary>
/// <param name="DisplayName">Name shown to people.</param>
/// <param name="Description">Free text.</param>
/// <param name="Rule">Who is a member.</param>
/// <param name="State">Whether it takes part in refreshes of the environment, and in exports.</param>
internal sealed record SegmentDefinition(string DisplayName, string Description, Rule Rule, SegmentState State);

/// <summary>The membership that readers see.</summary>
/// <param name="Version">Its version; 0 before the first refresh (SEG-21).</param>
/// <param name="FirstVersion">The version that the table of members was made for.</param>
/// <param name="FeedFloor">The change feed reaches back to positions at or after this version.</param>
/// <param name="MemberCount">Members in that version.</param>
/// <param name="EvaluatedChange">Change number of the environment that the evaluation saw at least.</param>
/// <param name="Time">When it was published; null before the first refresh.</param>
internal sealed record Publication(long Version, long FirstVersion, long FeedFloor, long MemberCount, long EvaluatedChange, DateTimeOffset? Time)
{
    public static Publication None { get; } = new(0, 0, 0, 0, 0, null);
}

/// <summary>A segment (SEG-1).</summary>
/// <param name="Name">Its resource name.</param>
/// <param name="StorageId">Names the table of its members; another one when the segment is made anew.</param>
/// <param name="Definition">What people say about it.</param>
/// <param name="Etag">Changes with every update of the definition.</param>
/// <param name="Published">The membership that readers see.</param>
/// <param name="LastVersion">Highest version ever published under this name.</param>
/// <param name="LastError">Why the last refresh failed; empty when it did not.</param>
internal sealed record Segment(
    SegmentName Name, string StorageId, SegmentDefinition Definition, string Etag, Publication Published, long LastVersion, string LastError)
{
    /// <summary>Quoted table of the members; exists once a version is published.</summary>
    public string MemberTable => Identifier.Quote($"members_{StorageId}");

    /// <summary>Quoted index of the members that changed since the first version.</summary>
    public string MemberIndex => Identifier.Quote($"members_{StorageId}_changed");
}
