namespace CustomerInsights.ServiceDefaults.Errors;

/// <summary>What kind of refusal it is; decides the gRPC status in <see cref="RefusalStatus"/>.</summary>
public enum RefusalKind
{
    /// <summary>A field of the request is wrong whatever the state: INVALID_ARGUMENT.</summary>
    InvalidArgument,

    /// <summary>The thing does not exist: NOT_FOUND.</summary>
    NotFound,

    /// <summary>The id is taken: ALREADY_EXISTS.</summary>
    AlreadyExists,

    /// <summary>The caller saw an older version: ABORTED.</summary>
    StaleEtag,

    /// <summary>The state forbids it until somebody repairs the state: FAILED_PRECONDITION.</summary>
    FailedPrecondition,

    /// <summary>A position outside what exists: OUT_OF_RANGE.</summary>
    OutOfRange,

    /// <summary>The caller did not say who it is, or not credibly: UNAUTHENTICATED.</summary>
    Unauthenticated,

    /// <summary>The caller lacks the right: PERMISSION_DENIED.</summary>
    PermissionDenied,

    /// <summary>A limit is reached: RESOURCE_EXHAUSTED.</summary>
    ResourceExhausted,

    /// <summary>Something outside is out of reach: UNAVAILABLE.</summary>
    Unavailable,
}

/// <summary>One wrong field of a request.</summary>
/// <param name="Field">Path of the field, such as "segment.rule.group.conditions[2].comparison.operator".</param>
/// <param name="Description">What is wrong and what would be right. Never holds personal data.</param>
public sealed record FieldViolation(string Field, string Description);

/// <summary>An expected "no", as a value. Turned into a status with details in one place only.</summary>
/// <param name="Kind">What kind of refusal.</param>
/// <param name="Message">What is wrong and the remedy, for people. Never holds personal data or secrets.</param>
public sealed record Refusal(RefusalKind Kind, string Message)
{
    // A message is read by people, often in one line of a log.
    private const int Quoted = 3;

    /// <summary>Machine-readable reason in UPPER_SNAKE_CASE; becomes ErrorInfo.reason.</summary>
    public string? Reason { get; init; }

    /// <summary>All wrong fields; becomes BadRequest.field_violations.</summary>
    public IReadOnlyList<FieldViolation> Violations { get; init; } = [];

    public static Refusal Invalid(IReadOnlyList<FieldViolation> violations)
    {
        var more = violations.Count > Quoted ? $" And {violations.Count - Quoted} more: see the field violations in the details." : "";
        return new(RefusalKind.InvalidArgument, string.Join(" ", violations.Take(Quoted).Select(v => $"{v.Field}: {v.Description}")) + more) { Violations = violations };
    }

    public static Refusal Invalid(string field, string description) => Invalid([new FieldViolation(field, description)]);

    public static Refusal NotFound(string name) => new(RefusalKind.NotFound, $"{name} does not exist.") { Reason = "NOT_FOUND" };

    public static Refusal AlreadyExists(string name) =>
        new(RefusalKind.AlreadyExists, $"{name} exists already. Choose another id, or update it.") { Reason = "ALREADY_EXISTS" };

    public static Refusal StaleEtag(string name) =>
        new(RefusalKind.StaleEtag, $"{name} was changed since it was read. Read it again and repeat the change.") { Reason = "STALE_ETAG" };

    public static Refusal Precondition(string reason, string message) => new(RefusalKind.FailedPrecondition, message) { Reason = reason };
}
