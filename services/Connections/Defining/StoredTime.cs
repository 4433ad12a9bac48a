using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.Defining;

/// <summary>The time to the precision in which it is stored, so that the first answer equals all later ones.</summary>
internal static class StoredTime
{
    public static DateTimeOffset GetStorableNow(this TimeProvider time) => Timestamps.FromMicroseconds(time.GetUtcNow().ToMicroseconds());
}
