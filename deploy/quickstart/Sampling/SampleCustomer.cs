using System.Globalization;

namespace CustomerInsights.Quickstart.Sampling;

/// <summary>A customer who does not exist: every name is a thing, every address is at example.com.</summary>
internal sealed record SampleCustomer(string Id, string BrazeId, string FirstName, string LastName)
{
    /// <summary>From here on somebody is a big spender.</summary>
    public const int ManyPoints = 6000;

    /// <summary>Columns of the file, in order.</summary>
    public static IReadOnlyList<string> Columns { get; } =
        ["CustomerId", "Email", "FirstName", "LastName", "Country", "City", "Birthday", "Points", "Vip", "LastPurchase", "BrazeId"];

    public required string Email { get; init; }

    public required string Country { get; init; }

    public required string City { get; init; }

    /// <summary>Null for some: real files have gaps.</summary>
    public DateOnly? Birthday { get; init; }

    public int Points { get; init; }

    public bool Vip { get; init; }

    /// <summary>Null for those who never bought.</summary>
    public DateTime? LastPurchase { get; init; }

    /// <summary>The rule of the sample segment: from the three countries, and a VIP or with many points.</summary>
    public bool IsBigSpender => Country is "DE" or "FR" or "US" && (Vip || Points >= ManyPoints);

    /// <summary>The row as in RFC 4180.</summary>
    public string ToCsv() => string.Join(',', Values().Select(Quote));

    private IEnumerable<string> Values() =>
    [
        Id, Email, FirstName, LastName, Country, City,
        Birthday?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "",
        Points.ToString(CultureInfo.InvariantCulture),
        Vip ? "true" : "false",
        LastPurchase?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "",
        BrazeId,
    ];

    private static string Quote(string value) =>
        value.AsSpan().IndexOfAny(",\"\r\n") < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
