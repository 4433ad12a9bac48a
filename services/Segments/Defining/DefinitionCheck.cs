using CustomerInsights.Segments.Declaring;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Segments.Defining;

/// <summary>Checks what people say about a segment.</summary>
internal static class DefinitionCheck
{
    private const int MaxDisplayName = 128;
    private const int MaxDescription = 1000;
    private const int MaxRequestId = 128;

    /// <summary>The refusal when nothing can be checked because the environment has no schema yet.</summary>
    public static Refusal NoSchema { get; } = Refusal.Precondition(
        "PROFILE_SCHEMA_MISSING", "The environment has no profile schema yet. Declare it first; rules and imports depend on it.");

    public static void CheckDisplayName(string name, Violations violations) => violations.Check(
        !string.IsNullOrWhiteSpace(name) && name.Length <= MaxDisplayName && !name.Any(char.IsControl),
        "segment.display_name", $"must have 1 to {MaxDisplayName} characters, not only spaces and no control characters.");

    public static void CheckDescription(string description, Violations violations) => violations.Check(
        description.Length <= MaxDescription && !description.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')),
        "segment.description", $"must have at most {MaxDescription} characters, and no control characters but line breaks and tabs.");

    public static void CheckState(SegmentState state, Violations violations) =>
        violations.Check(Enum.IsDefined(state), "segment.state", "must be SEGMENT_STATE_INACTIVE or SEGMENT_STATE_ACTIVE.");

    public static void CheckRule(Rule rule, ProfileSchema schema, Violations violations) => RuleCheck.Check(rule, schema, "segment.rule", violations);

    /// <summary>To be called before the id is looked up: PostgreSQL refuses a parameter with U+0000. Tells whether it may be.</summary>
    public static bool CheckRequestId(string requestId, Violations violations) => violations.Check(
        requestId.Length <= MaxRequestId && !requestId.Any(char.IsControl), "request_id", $"must have at most {MaxRequestId} characters, and no control characters.");
}
