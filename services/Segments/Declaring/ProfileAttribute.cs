using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Declaring;

/// <summary>One attribute of a profile.</summary>
/// <param name="Name">Letters, digits and "_", starting with a letter; unique without regard to case.</param>
/// <param name="Kind">Its type, fixed once declared.</param>
/// <param name="SemanticType">What it means, such as "Person.Email" (PRF-3); may be empty.</param>
internal sealed record ProfileAttribute(string Name, AttributeKind Kind, string SemanticType)
{
    public const int MaxNameLength = 60;

    // The prefix keeps attributes clear of names that PostgreSQL reserves in every table, such as xmin; lower case,
    // because SQLite does not tell columns apart by case and PostgreSQL does.
    /// <summary>The quoted column of an attribute that is not the key.</summary>
    public string Column => Identifier.Quote("a_" + Name.ToLowerInvariant());

    public static string ColumnType(AttributeKind kind) => kind switch
    {
        AttributeKind.String => "TEXT",
        AttributeKind.Number => "DOUBLE PRECISION",
        AttributeKind.Date => "BIGINT",
        AttributeKind.Boolean => "BOOLEAN",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    public bool IsNamed(string name) => string.Equals(Name, name, StringComparison.OrdinalIgnoreCase);
}
