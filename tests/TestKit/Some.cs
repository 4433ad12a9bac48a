using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.TestKit;

/// <summary>Any value of a kind, different at each call; for what a test needs but does not care about.</summary>
public static class Some
{
    private static readonly IdGenerator Ids = new(TimeProvider.System);
    private static int _counter;

    /// <summary>32 hexadecimal digits.</summary>
    public static string Id() => Ids.Next();

    /// <summary>A small number that nobody else has.</summary>
    public static int Number() => Interlocked.Increment(ref _counter);

    /// <summary>Lower-case letters and digits; fits for resource ids, topics, queues, tables and databases. Unique among parallel runs.</summary>
    public static string Name(string prefix = "some") => $"{prefix}-{Ids.Next()[^12..]}";

    public static string EnvironmentId() => Name("env");

    public static string EnvironmentName() => $"environments/{EnvironmentId()}";

    public static string SegmentName() => $"{EnvironmentName()}/segments/{Name("segment")}";

    /// <summary>An address that nobody has.</summary>
    public static string Email() => $"{Name("person")}@example.com";

    public static string Topic() => $"tests.{Name("topic")}.v1";
}
