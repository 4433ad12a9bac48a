namespace CustomerInsights.ServiceDefaults.Resources;

/// <summary>The one place ids come from: time-ordered UUIDs (version 7).</summary>
public sealed class IdGenerator(TimeProvider time)
{
#pragma warning disable RS0030 // This is the place that the ban points to.
    /// <summary>32 lower-case hexadecimal digits, growing with time.</summary>
    public string Next() => Guid.CreateVersion7(time.GetUtcNow()).ToString("n");
#pragma warning restore RS0030
}
