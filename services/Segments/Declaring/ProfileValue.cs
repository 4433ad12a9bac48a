namespace CustomerInsights.Segments.Declaring;

/// <summary>Limits of what a profile holds.</summary>
internal static class ProfileValue
{
    public const int MaxTextLength = 4000;
    public const int MaxIdLength = 200;

    /// <summary>Why a text cannot be a customer id, or null.</summary>
    public static string? IdProblem(string id) =>
        string.IsNullOrWhiteSpace(id) ? "is required."
        : id.Length > MaxIdLength ? $"must have at most {MaxIdLength} characters."
        : NulProblem(id);

    /// <summary>Why a value cannot be stored in an attribute of that kind, or null.</summary>
    public static string? Problem(Scalar value, AttributeKind kind) => value.Kind switch
    {
        null => null,
        var given when given != kind => $"must be a {kind.ToString().ToLowerInvariant()} value.",
        AttributeKind.Number when !double.IsFinite(value.Number) => "must be a finite number.",
        AttributeKind.String when value.Text!.Length > MaxTextLength => $"must have at most {MaxTextLength} characters.",
        AttributeKind.String => NulProblem(value.Text!),
        _ => null,
    };

    // PostgreSQL cannot store it, and SQLite ends a text there.
    private static string? NulProblem(string text) => text.Contains('\0') ? "must not hold the character U+0000." : null;
}
