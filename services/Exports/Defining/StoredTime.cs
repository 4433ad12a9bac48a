using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Defining;

/// <summary>The time as it comes back from the database, so that an answer does not change when it is read again.</summary>
internal static class StoredTime
{
    public static DateTimeOffset GetStoredNow(this TimeProvider time) => Timestamps.FromMicroseconds(time.GetUtcNow().ToMicroseconds());
}
