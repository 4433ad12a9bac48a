using CustomerInsights.Segments.Declaring;

namespace CustomerInsights.Segments.Defining;

/// <summary>Operators of SEG 3.4. The numbers are those of the wire.</summary>
internal enum Operator
{
    Unknown = 0,
    Equals = 1,
    NotEquals = 2,
    IsIn = 3,
    Contains = 4,
    StartsWith = 5,
    EndsWith = 6,
    IsNull = 7,
    IsNotNull = 8,
    GreaterThan = 9,
    GreaterThanOrEqualTo = 10,
    LessThan = 11,
    LessThanOrEqualTo = 12,
    IsBetween = 13,
    IsNotBetween = 14,
    IsWithinLast = 15,
    YearToDate = 16,
    DayOf = 17,
    MonthOf = 18,
    YearOf = 19,
    DayOfWeek = 20,
    TimeAt = 21,
}

/// <summary>What an operator asks for.</summary>
/// <param name="Kinds">Types of attributes it compares.</param>
/// <param name="MinValues">Fewest values.</param>
/// <param name="MaxValues">Most values.</param>
/// <param name="ValueKind">Type of the values; null means the attribute's own.</param>
/// <param name="Range">Smallest and largest whole number it takes; null means any value.</param>
internal sealed record OperatorShape(
    IReadOnlyList<AttributeKind> Kinds, int MinValues, int MaxValues, AttributeKind? ValueKind = null, (int From, int To)? Range = null)
{
    public const int MaxListed = 1000;

    private static readonly AttributeKind[] Every = [AttributeKind.String, AttributeKind.Number, AttributeKind.Date, AttributeKind.Boolean];
    private static readonly AttributeKind[] Text = [AttributeKind.String];
    private static readonly AttributeKind[] Ordered = [AttributeKind.Number, AttributeKind.Date];
    private static readonly AttributeKind[] Dates = [AttributeKind.Date];

    /// <summary>Table 3.4, row by row; null for an unknown operator.</summary>
    public static OperatorShape? Of(Operator @operator) => @operator switch
    {
        Operator.Equals or Operator.NotEquals => new(Every, 1, 1),
        Operator.IsIn => new([AttributeKind.String, AttributeKind.Number], 1, MaxListed),
        Operator.Contains or Operator.StartsWith or Operator.EndsWith => new(Text, 1, 1),
        Operator.IsNull or Operator.IsNotNull => new(Every, 0, 0),
        Operator.GreaterThan or Operator.GreaterThanOrEqualTo or Operator.LessThan or Operator.LessThanOrEqualTo => new(Ordered, 1, 1),
        Operator.IsBetween or Operator.IsNotBetween => new(Ordered, 2, 2),
        Operator.IsWithinLast => new(Dates, 1, 1, AttributeKind.Number, (1, 1_000_000)),
        Operator.YearToDate => new(Dates, 0, 0),
        Operator.DayOf => new(Dates, 1, 1, AttributeKind.Number, (1, 31)),
        Operator.MonthOf => new(Dates, 1, 1, AttributeKind.Number, (1, 12)),
        Operator.YearOf => new(Dates, 1, 1, AttributeKind.Number, (1, 9999)),
        Operator.DayOfWeek => new(Dates, 1, 1, AttributeKind.Number, (1, 7)),
        Operator.TimeAt => new(Dates, 1, 1, AttributeKind.String),
        _ => null,
    };
}
