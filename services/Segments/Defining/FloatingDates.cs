namespace CustomerInsights.Segments.Defining;

/// <summary>Dates that move with the clock (SEG-7), on the UTC calendar.</summary>
internal static class FloatingDates
{
    /// <summary>So many units before a time; never before the first representable one.</summary>
    public static DateTimeOffset Before(DateTimeOffset now, double count, TimeUnit unit)
    {
        var earliest = DateTimeOffset.MinValue;
        var available = now - earliest;
        return unit switch
        {
            TimeUnit.Months => count < MonthsSinceEarliest(now) ? now.AddMonths(-(int)count) : earliest,
            TimeUnit.Years => count * 12 < MonthsSinceEarliest(now) ? now.AddYears(-(int)count) : earliest,
            _ => count < available / Length(unit) ? now - (Length(unit) * count) : earliest,
        };
    }

    public static DateTimeOffset StartOfYear(int year) => new(year, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static int MonthsSinceEarliest(DateTimeOffset now) => ((now.Year - 1) * 12) + now.Month - 1;

    private static TimeSpan Length(TimeUnit unit) => unit switch
    {
        TimeUnit.Minutes => TimeSpan.FromMinutes(1),
        TimeUnit.Hours => TimeSpan.FromHours(1),
        TimeUnit.Days => TimeSpan.FromDays(1),
        TimeUnit.Weeks => TimeSpan.FromDays(7),
        _ => throw new ArgumentOutOfRangeException(nameof(unit)),
    };
}
