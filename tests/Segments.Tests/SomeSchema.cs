using CustomerInsights.Segments.Declaring;

namespace CustomerInsights.Segments.Tests;

/// <summary>The schema that most tests use: one attribute of each kind beside the key.</summary>
internal static class SomeSchema
{
    public static ProfileSchema WithEveryKind { get; } = new(
        "CustomerId",
        [
            new ProfileAttribute("CustomerId", AttributeKind.String, ""),
            new ProfileAttribute("Email", AttributeKind.String, "Person.Email"),
            new ProfileAttribute("Spend", AttributeKind.Number, ""),
            new ProfileAttribute("LastVisit", AttributeKind.Date, ""),
            new ProfileAttribute("IsActive", AttributeKind.Boolean, ""),
        ]);
}
