namespace CustomerInsights.Sandbox.Control;

/// <summary>Chance without state: the same seed and coordinates give the same number, whatever happened in between.</summary>
internal static class SeededRandom
{
    private const ulong Step = 0x9E3779B97F4A7C15;

    /// <summary>A number from 0 up to, not including, 1.</summary>
    public static double Fraction(ulong seed, ulong stream, ulong position) => (Bits(seed, stream, position) >> 11) * (1.0 / (1UL << 53));

    public static ulong Bits(ulong seed, ulong stream, ulong position) => Mix(Mix(Mix(seed + Step) ^ (stream * Step)) + (position * Step));

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
