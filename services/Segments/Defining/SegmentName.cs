using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.Segments.Defining;

/// <summary>"environments/{environment}/segments/{segment}".</summary>
internal sealed record SegmentName(string Environment, string Segment)
{
    private const string Pattern = "environments/*/segments/*";

    public static Result<SegmentName> Parse(string? name, string field = "name") => TryParse(name) is { } parsed
        ? parsed
        : Refusal.Invalid(field, "must be \"environments/{environment}/segments/{segment}\".");

    public static SegmentName? TryParse(string? name) => ResourceName.Parse(Pattern, name) is [var environment, var segment] ? new(environment, segment) : null;

    public override string ToString() => $"environments/{Environment}/segments/{Segment}";
}
