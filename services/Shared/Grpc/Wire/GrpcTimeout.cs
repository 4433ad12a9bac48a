using System.Globalization;

namespace CustomerInsights.Rpc.Wire;

/// <summary>The value of "grpc-timeout": one to eight digits and a unit.</summary>
internal static class GrpcTimeout
{
    /// <summary>The longest time a timer takes. No connection lives that long.</summary>
    public static readonly TimeSpan MaxTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private const long TicksPerMicrosecond = TimeSpan.TicksPerMicrosecond;
    private const long NanosecondsPerTick = 100;
    private const int MaxDigits = 8;
    private const long MaxValue = 99_999_999;

    private static readonly (long Ticks, char Unit)[] Units =
    [
        (TicksPerMicrosecond, 'u'),
        (TimeSpan.TicksPerMillisecond, 'm'),
        (TimeSpan.TicksPerSecond, 'S'),
        (TimeSpan.TicksPerMinute, 'M'),
        (TimeSpan.TicksPerHour, 'H'),
    ];

    /// <summary>The finest unit that holds the time, rounded up: a server must not give up before its client does.</summary>
    public static string Encode(TimeSpan timeout)
    {
        if (timeout <= TimeSpan.Zero)
        {
            return "1n";
        }

        foreach (var (ticks, unit) in Units)
        {
            var value = ((timeout.Ticks - 1) / ticks) + 1;
            if (value <= MaxValue)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{value}{unit}");
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{MaxValue}H");
    }

    public static bool TryDecode(ReadOnlySpan<char> text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > MaxDigits + 1 || text[..^1].ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        var value = long.Parse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture);
        if (text[^1] == 'n')
        {
            timeout = new TimeSpan((value + NanosecondsPerTick - 1) / NanosecondsPerTick);
            return true;
        }

        foreach (var (ticks, unit) in Units)
        {
            if (unit == text[^1])
            {
                timeout = new TimeSpan(value * ticks);
                return true;
            }
        }

        return false;
    }
}
