using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.Segments.Streaming;

/// <summary>What a stream shall hold.</summary>
/// <param name="Environment">Whose profiles; empty when the parent was none.</param>
/// <param name="Segments">The segments whose union is read; bit n of a member stands for the n-th (D-06).</param>
/// <param name="Attributes">Names of the attributes to return, in this order.</param>
internal sealed record MembershipRequest(string Environment, IReadOnlyList<SegmentName> Segments, IReadOnlyList<string> Attributes)
{
    private const int MaxSegments = 50;
    private const int MaxAttributes = 50;

    /// <summary>The request as far as it is right; what is wrong with it becomes violations.</summary>
    public static MembershipRequest Parse(string parent, IReadOnlyList<string> segments, IReadOnlyList<string> attributes, Violations violations)
    {
        var environment = ResourceName.Parse("environments/*", parent) is [var id] ? id : "";
        violations.Check(environment.Length > 0, "parent", "must be \"environments/{environment}\".");
        violations.Check(segments.Count is > 0 and <= MaxSegments, "segments", $"must name 1 to {MaxSegments} segments.");
        violations.Check(attributes.Count <= MaxAttributes, "attributes", $"must name at most {MaxAttributes} attributes.");
        var names = new List<SegmentName>();
        for (var i = 0; i < segments.Count; i++)
        {
            var name = SegmentName.TryParse(segments[i]);
            if (violations.Check(name is not null, $"segments[{i}]", "must be \"environments/{environment}/segments/{segment}\".")
                && violations.Check(name!.Environment == environment, $"segments[{i}]", "must be a segment of the parent.")
                && violations.Check(!names.Contains(name), $"segments[{i}]", "is named twice."))
            {
                names.Add(name);
            }
        }

        return new MembershipRequest(environment, names, attributes);
    }

    /// <summary>Checks the customer id that a stream goes on after; empty begins with the first.</summary>
    public static void CheckStartAfter(string startAfter, Violations violations)
    {
        var problem = startAfter.Length == 0 ? null : ProfileValue.IdProblem(startAfter);
        violations.Check(problem is null, "start_after", problem ?? "");
    }
}
