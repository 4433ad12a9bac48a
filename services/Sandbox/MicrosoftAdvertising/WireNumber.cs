using System.Globalization;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>64-bit numbers, which travel as texts.</summary>
internal static class WireNumber
{
    public static long? Parse(string? text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
