using CustomerInsights.Segments.Declaring;

namespace CustomerInsights.Segments.Defining;

/// <summary>Who is a member: a comparison, or a group of rules (SEG-3).</summary>
internal abstract record Rule
{
    /// <summary>All comparisons in it, at any depth.</summary>
    public IEnumerable<Comparison> Comparisons => this switch
    {
        Comparison comparison => [comparison],
        Group group => group.Rules.SelectMany(r => r.Comparisons),
        _ => [],
    };
}

/// <summary>Nothing was given; <see cref="RuleCheck"/> refuses it.</summary>
internal sealed record NoRule : Rule;

/// <summary>Compares one attribute with values (SEG 3.4). Null matches only <see cref="Operator.IsNull"/> (D-38).</summary>
internal sealed record Comparison(string Attribute, Operator Operator, IReadOnlyList<Scalar> Values, bool IgnoreCase, TimeUnit Unit) : Rule;

/// <summary>Rules joined by AND or OR.</summary>
internal sealed record Group(Junction Junction, IReadOnlyList<Rule> Rules) : Rule;

/// <summary>How the rules of a group are joined. The numbers are those of the wire.</summary>
internal enum Junction
{
    Unknown = 0,
    And = 1,
    Or = 2,
}

/// <summary>Units of floating dates (SEG-7). The numbers are those of the wire.</summary>
internal enum TimeUnit
{
    None = 0,
    Minutes = 1,
    Hours = 2,
    Days = 3,
    Weeks = 4,
    Months = 5,
    Years = 6,
}
