using System.Globalization;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Tests.Defining;

/// <summary>What a rule means, said once more without SQL.</summary>
internal static class RuleOracle
{
    public static bool Matches(Rule rule, Func<string, Scalar> valueOf, DateTimeOffset now) => rule switch
    {
        Comparison comparison => Matches(comparison, valueOf(comparison.Attribute), now),
        Group { Junction: Junction.And } group => group.Rules.All(r => Matches(r, valueOf, now)),
        Group group => group.Rules.Any(r => Matches(r, valueOf, now)),
        _ => throw new ArgumentException("No rule."),
    };

    private static bool Matches(Comparison comparison, Scalar value, DateTimeOffset now)
    {
        if (comparison.Operator is Operator.IsNull or Operator.IsNotNull)
        {
            return value.IsNull == comparison.Operator is Operator.IsNull;
        }

        return !value.IsNull && (value.Kind switch
        {
            AttributeKind.String => MatchesText(comparison, value.Text!),
            AttributeKind.Number => MatchesOrdered(comparison.Operator, value.Number, [.. comparison.Values.Select(v => v.Number)]),
            AttributeKind.Date => MatchesDate(comparison, value.Microseconds, now),
            _ => comparison.Operator is Operator.Equals == (value.Boolean == comparison.Values[0].Boolean),
        });
    }

    private static bool MatchesText(Comparison comparison, string text)
    {
        var kind = comparison.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        var wanted = comparison.Values.Select(v => Spell(v.Text!, comparison.IgnoreCase)).ToList();
        text = Spell(text, comparison.IgnoreCase);
        return comparison.Operator switch
        {
            Operator.Equals => text.Equals(wanted[0], kind),
            Operator.NotEquals => !text.Equals(wanted[0], kind),
            Operator.IsIn => wanted.Exists(w => text.Equals(w, kind)),
            Operator.Contains => text.Contains(wanted[0], kind),
            Operator.StartsWith => text.StartsWith(wanted[0], kind),
            _ => text.EndsWith(wanted[0], kind),
        };
    }

    // Unicode writes the small one of U+0130 as two characters, which a comparison of one with one does not know.
    private static string Spell(string text, bool ignoreCase) => ignoreCase ? text.Replace("\u0130", "i\u0307", StringComparison.Ordinal) : text;

    private static bool MatchesOrdered<T>(Operator @operator, T value, T[] wanted)
        where T : IComparable<T> => @operator switch
    {
        Operator.Equals => value.CompareTo(wanted[0]) == 0,
        Operator.NotEquals => value.CompareTo(wanted[0]) != 0,
        Operator.IsIn => wanted.Contains(value),
        Operator.GreaterThan => value.CompareTo(wanted[0]) > 0,
        Operator.GreaterThanOrEqualTo => value.CompareTo(wanted[0]) >= 0,
        Operator.LessThan => value.CompareTo(wanted[0]) < 0,
        Operator.LessThanOrEqualTo => value.CompareTo(wanted[0]) <= 0,
        Operator.IsBetween => value.CompareTo(wanted[0]) >= 0 && value.CompareTo(wanted[1]) <= 0,
        Operator.IsNotBetween => value.CompareTo(wanted[0]) < 0 || value.CompareTo(wanted[1]) > 0,
        _ => throw new ArgumentException("Not ordered."),
    };

    private static bool MatchesDate(Comparison comparison, long microseconds, DateTimeOffset now)
    {
        var date = Timestamps.FromMicroseconds(microseconds);
        var number = comparison.Values.Count > 0 && comparison.Values[0].Kind is AttributeKind.Number ? (int)comparison.Values[0].Number : 0;
        return comparison.Operator switch
        {
            Operator.IsWithinLast => date <= now && date >= Before(now, number, comparison.Unit),
            Operator.YearToDate => date <= now && date.Year == now.Year,
            Operator.DayOf => date.Day == number,
            Operator.MonthOf => date.Month == number,
            Operator.YearOf => date.Year == number,
            Operator.DayOfWeek => (((int)date.DayOfWeek + 6) % 7) + 1 == number,
            Operator.TimeAt => date.ToString("HH:mm", CultureInfo.InvariantCulture) == comparison.Values[0].Text,
            _ => MatchesOrdered(comparison.Operator, microseconds, [.. comparison.Values.Select(v => v.Microseconds)]),
        };
    }

    private static DateTimeOffset Before(DateTimeOffset now, int count, TimeUnit unit) => unit switch
    {
        TimeUnit.Minutes => now.AddMinutes(-count),
        TimeUnit.Hours => now.AddHours(-count),
        TimeUnit.Days => now.AddDays(-count),
        TimeUnit.Weeks => now.AddDays(-7 * count),
        TimeUnit.Months => now.AddMonths(-count),
        _ => now.AddYears(-count),
    };
}
