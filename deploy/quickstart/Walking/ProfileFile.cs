using System.Text.RegularExpressions;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Sampling;

namespace CustomerInsights.Quickstart.Walking;

/// <summary>A file of customers: what its columns become, who shall be in the segment, and what Braze shall know.</summary>
internal sealed partial record ProfileFile
{
    private const string Identifier = "in_customerinsights_segment";

    public required string Path { get; init; }

    /// <summary>What happened since; null when there is no second file.</summary>
    public string? ChangesPath { get; init; }

    /// <summary>Attribute by column.</summary>
    public required IReadOnlyDictionary<string, string> Columns { get; init; }

    public required ProfileSchema Schema { get; init; }

    public required Segment Segment { get; init; }

    public required BrazeExport Export { get; init; }

    /// <summary>Column of the second file whose true value deletes; null when it has none.</summary>
    public string? DeleteColumn { get; init; }

    /// <summary>The sample customers of deploy/samples.</summary>
    public static ProfileFile Samples(string folder) => new()
    {
        Path = System.IO.Path.Combine(folder, "customers.csv"),
        ChangesPath = System.IO.Path.Combine(folder, "changes.csv"),
        Columns = SampleCustomer.Columns.ToDictionary(c => c, c => c),
        Schema = new ProfileSchema { KeyAttribute = "CustomerId", Attributes = { SampleCustomer.Columns.Select(c => new Contracts.Segments.V1.Attribute { Name = c, Type = TypeOf(c), SemanticType = c == "Email" ? "Person.Email" : "" }) } },
        Segment = new Segment { DisplayName = "Big spenders", Description = "From DE, FR or US, and a VIP or with 6,000 points and more.", Rule = BigSpenders() },
        Export = new BrazeExport
        {
            SegmentApiIdentifier = "big_spender",
            EmailAttribute = "Email",
            ExternalIdAttribute = "BrazeId",
            FieldAttributes = { ["first_name"] = "FirstName", ["last_name"] = "LastName", ["country"] = "Country", ["loyalty_points"] = "Points", ["vip"] = "Vip" },
        },
        DeleteColumn = SampleFiles.DeleteColumn,
    };

    /// <summary>A file of the user's own: every column is text, the segment holds everybody with an address.</summary>
    /// <returns>The file, or what is wrong with it.</returns>
    public static (ProfileFile? File, string? Problem) Own(string path, string? changesPath, string idColumn, string emailColumn)
    {
        if (!File.Exists(path))
        {
            return (null, $"{path} does not exist.");
        }

        var header = CsvHeader.Read(path);
        if (new[] { idColumn, emailColumn }.FirstOrDefault(column => !header.Contains(column)) is { } missing)
        {
            return (null, $"{path} has no column \"{missing}\". It has: {string.Join(", ", header)}.");
        }

        var columns = Attributes(header);
        var email = columns[emailColumn];
        return (new ProfileFile
        {
            Path = path,
            ChangesPath = changesPath,
            Columns = columns,
            Schema = new ProfileSchema { KeyAttribute = columns[idColumn], Attributes = { columns.Values.Select(a => new Contracts.Segments.V1.Attribute { Name = a, Type = AttributeType.String }) } },
            Segment = new Segment { DisplayName = "Reachable by e-mail", Rule = Compare(email, ComparisonOperator.IsNotNull) },
            Export = new BrazeExport { SegmentApiIdentifier = Identifier, EmailAttribute = email, ExternalIdAttribute = columns[idColumn] },
        }, null);
    }

    private static AttributeType TypeOf(string column) => column switch
    {
        "Points" => AttributeType.Number,
        "Vip" => AttributeType.Boolean,
        "Birthday" or "LastPurchase" => AttributeType.Date,
        _ => AttributeType.String,
    };

    private static Condition BigSpenders() => Group(
        LogicalOperator.And,
        Compare("Country", ComparisonOperator.IsIn, Text("DE"), Text("FR"), Text("US")),
        Group(
            LogicalOperator.Or,
            Compare("Vip", ComparisonOperator.Equals, new AttributeValue { BooleanValue = true }),
            Compare("Points", ComparisonOperator.GreaterThanOrEqualTo, new AttributeValue { NumberValue = SampleCustomer.ManyPoints })));

    private static Condition Group(LogicalOperator by, params Condition[] conditions) => new() { Group = new ConditionGroup { Operator = by, Conditions = { conditions } } };

    private static Condition Compare(string attribute, ComparisonOperator by, params AttributeValue[] values) =>
        new() { Comparison = new Contracts.Segments.V1.Comparison { Attribute = attribute, Operator = by, Values = { values } } };

    private static AttributeValue Text(string value) => new() { StringValue = value };

    // Attribute names are letters, digits and "_" from a letter on, unique whatever the case.
    private static Dictionary<string, string> Attributes(IReadOnlyList<string> header)
    {
        var names = new Dictionary<string, string>();
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var column in header.Distinct())
        {
            var stem = NotAllowed().Replace(column, "_");
            stem = (stem.Length > 0 && char.IsAsciiLetter(stem[0]) ? stem : "c_" + stem) is var s && s.Length > 50 ? s[..50] : s;
            var name = stem;
            for (var i = 2; !taken.Add(name); i++)
            {
                name = $"{stem}_{i}";
            }

            names[column] = name;
        }

        return names;
    }

    [GeneratedRegex("[^A-Za-z0-9_]")]
    private static partial Regex NotAllowed();
}
