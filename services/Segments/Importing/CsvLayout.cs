using System.Globalization;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Segments.Importing;

/// <summary>What each column of a CSV file is, as its header line says.</summary>
/// <param name="Roles">For each column the index of its attribute, or one of the constants.</param>
/// <param name="Attributes">The attributes that the file gives, without the key, in the order of the file.</param>
internal sealed record CsvLayout(IReadOnlyList<int> Roles, IReadOnlyList<ProfileAttribute> Attributes)
{
    public const int Ignored = -1;
    public const int Key = -2;
    public const int DeleteMark = -3;

    /// <summary>Reads the header. What is refused is named by its place: without a header, the text would be somebody's data.</summary>
    public static Result<CsvLayout> Read(CsvRow header, ImportMapping mapping)
    {
        var violations = new Violations();
        if (header.Error is { } error)
        {
            violations.Add("chunk", Place(header, error.Column) + " cannot be read: " + error.Message);
            return violations.ToRefusal();
        }

        var attributes = new List<ProfileAttribute>();
        var roles = new List<int>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < header.KeptFields; i++)
        {
            var name = header.Text(i)?.Trim();
            var place = Place(header, i + 1);
            roles.Add(violations.Check(!string.IsNullOrEmpty(name), "chunk", place + " has no name, or one that is not valid UTF-8.")
                && violations.Check(names.Add(name!), "chunk", place + " has the name of an earlier column.")
                    ? RoleOf(name!, mapping, attributes, place, violations)
                    : Ignored);
        }

        violations.Check(header.FieldCount <= CsvRow.MaxFields, "chunk", $"A file may have at most {CsvRow.MaxFields} columns.");
        CheckMissing(roles, names, mapping, violations);
        return violations.None ? new CsvLayout(roles, attributes) : violations.ToRefusal();
    }

    private static int RoleOf(string name, ImportMapping mapping, List<ProfileAttribute> attributes, string place, Violations violations)
    {
        if (mapping.IsDeleteColumn(name))
        {
            return DeleteMark;
        }

        if (!mapping.Columns.TryGetValue(name, out var attribute))
        {
            violations.Check(mapping.IsExplicit, "chunk", place + " has the name of no attribute. Declare it, or choose the columns to read.");
            return Ignored;
        }

        if (mapping.Schema.IsKey(attribute))
        {
            return Key;
        }

        attributes.Add(attribute);
        return attributes.Count - 1;
    }

    private static void CheckMissing(List<int> roles, HashSet<string> names, ImportMapping mapping, Violations violations)
    {
        if (!mapping.IsExplicit)
        {
            violations.Check(
                roles.Contains(Key), "chunk", $"Line 1 has no column {mapping.Schema.KeyAttribute}, the key. Is the header line missing?");
        }

        foreach (var column in mapping.IsExplicit ? mapping.Columns.Keys : [])
        {
            violations.Check(names.Contains(column), $"header.columns[{column}]", "is no column of the file.");
        }

        var hasMark = mapping.DeleteColumn.Length == 0 || roles.Contains(DeleteMark);
        violations.Check(hasMark, "header.delete_column", "is no column of the file.");
    }

    private static string Place(CsvRow header, int column) =>
        string.Create(CultureInfo.InvariantCulture, $"Line {header.Line}, column {column}");
}
