namespace CustomerInsights.ServiceDefaults.Storage;

/// <summary>Points in time are stored as whole microseconds since 1970-01-01 UTC in both engines.</summary>
public static class Timestamps
{
    public static long ToMicroseconds(this DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset FromMicroseconds(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    public static DateTimeOffset? FromMicroseconds(long? microseconds) => microseconds is { } value ? FromMicroseconds(value) : null;

    /// <summary>The time to the precision in which it is stored, so that the first answer equals all later ones.</summary>
    public static DateTimeOffset GetStorableNow(this TimeProvider time) => FromMicroseconds(time.GetUtcNow().ToMicroseconds());
}
