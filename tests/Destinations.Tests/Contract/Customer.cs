using CustomerInsights.TestKit;

namespace CustomerInsights.Destinations.Contract;

/// <summary>A customer of a test.</summary>
/// <param name="Id">The customer id.</param>
/// <param name="Key">What the destination finds the person by.</param>
/// <param name="Email">The address; empty for none.</param>
/// <param name="Name">An optional field; empty for null.</param>
public sealed record Customer(string Id, string Key, string Email, string Name)
{
    /// <summary>Customers "c000", "c001", ... with keys "k000", ...</summary>
    public static IReadOnlyList<Customer> Many(int count) => [.. Enumerable.Range(0, count).Select(One)];

    public static Customer One(int number) => new($"c{number:000}", $"k{number:000}", $"{Some.Name("person")}@example.com", Some.Name("name"));
}
