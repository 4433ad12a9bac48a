namespace CustomerInsights.Segments.Importing;

/// <summary>Dates in files: ISO 8601, "2024-05-31" or "2024-05-31T08:30[:15[.123456]][Z or offset]"; without offset it is UTC.</summary>
internal static class IsoDate
{
    private const int FractionDigits = 6;

    public static bool TryParse(ReadOnlySpan<char> text, out long microseconds)
    {
        microseconds = 0;
        if (!TryTakeDate(ref text, out var date))
        {
            return false;
        }

        var micros = 0L;
        var offsetMinutes = 0;
        if (!text.IsEmpty && !TryTakeTime(ref text, out micros, out offsetMinutes))
        {
            return false;
        }

        var utc = (date.Ticks / TimeSpan.TicksPerMicrosecond) + micros - (offsetMinutes * 60_000_000L);
        if (!text.IsEmpty || utc < 0 || utc > DateTime.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond)
        {
            return false;
        }

        microseconds = utc - (DateTimeOffset.UnixEpoch.Ticks / TimeSpan.TicksPerMicrosecond);
        return true;
    }

    private static bool TryTakeDate(ref ReadOnlySpan<char> text, out DateTime date)
    {
        date = default;
        if (!TryTakeNumber(ref text, 4, out var year) || !TryTake(ref text, '-')
            || !TryTakeNumber(ref text, 2, out var month) || !TryTake(ref text, '-') || !TryTakeNumber(ref text, 2, out var day)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        date = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc);
        return true;
    }

    private static bool TryTakeTime(ref ReadOnlySpan<char> text, out long microseconds, out int offsetMinutes)
    {
        (microseconds, offsetMinutes) = (0, 0);
        if (!(TryTake(ref text, 'T') || TryTake(ref text, 't') || TryTake(ref text, ' '))
            || !TryTakeClock(ref text, out var minutes))
        {
            return false;
        }

        var seconds = 0;
        var fraction = 0L;
        if (TryTake(ref text, ':')
            && (!TryTakeNumber(ref text, 2, out seconds) || seconds > 59 || (TryTake(ref text, '.') && !TryTakeFraction(ref text, out fraction))))
        {
            return false;
        }

        microseconds = (((minutes * 60L) + seconds) * 1_000_000) + fraction;
        return TryTakeOffset(ref text, out offsetMinutes);
    }

    private static bool TryTakeClock(ref ReadOnlySpan<char> text, out int minutes)
    {
        minutes = 0;
        if (!TryTakeNumber(ref text, 2, out var hour) || !TryTake(ref text, ':') || !TryTakeNumber(ref text, 2, out var minute)
            || hour > 23 || minute > 59)
        {
            return false;
        }

        minutes = (hour * 60) + minute;
        return true;
    }

    // Digits beyond the microsecond are cut off.
    private static bool TryTakeFraction(ref ReadOnlySpan<char> text, out long microseconds)
    {
        microseconds = 0;
        var count = 0;
        while (count < text.Length && char.IsAsciiDigit(text[count]))
        {
            microseconds = count < FractionDigits ? (microseconds * 10) + text[count] - '0' : microseconds;
            count++;
        }

        for (var i = count; i < FractionDigits; i++)
        {
            microseconds *= 10;
        }

        text = text[count..];
        return count > 0;
    }

    private static bool TryTakeOffset(ref ReadOnlySpan<char> text, out int minutes)
    {
        minutes = 0;
        if (text.IsEmpty || TryTake(ref text, 'Z') || TryTake(ref text, 'z'))
        {
            return true;
        }

        var sign = TryTake(ref text, '+') ? 1 : TryTake(ref text, '-') ? -1 : 0;
        if (sign == 0 || !TryTakeNumber(ref text, 2, out var hour))
        {
            return false;
        }

        _ = TryTake(ref text, ':');
        if (!TryTakeNumber(ref text, 2, out var minute) || hour > 14 || minute > 59)
        {
            return false;
        }

        minutes = sign * ((hour * 60) + minute);
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<char> text, char wanted)
    {
        if (text.IsEmpty || text[0] != wanted)
        {
            return false;
        }

        text = text[1..];
        return true;
    }

    private static bool TryTakeNumber(ref ReadOnlySpan<char> text, int digits, out int number)
    {
        number = 0;
        if (text.Length < digits)
        {
            return false;
        }

        foreach (var c in text[..digits])
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }

            number = (number * 10) + c - '0';
        }

        text = text[digits..];
        return true;
    }
}
