using CustomerInsights.Segments.Declaring;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Segments.Importing;

/// <summary>Which column of a file goes to which attribute.</summary>
/// <param name="Schema">The schema that the attributes are of.</param>
/// <param name="Columns">The attribute of each column; names are compared without regard to case.</param>
/// <param name="DeleteColumn">Column that marks rows to delete; empty when there is none.</param>
/// <param name="IsExplicit">The caller chose the columns: all must be there, and others are passed over.</param>
internal sealed record ImportMapping(
    ProfileSchema Schema, IReadOnlyDictionary<string, ProfileAttribute> Columns, string DeleteColumn, bool IsExplicit)
{
    /// <summary>Checks the mapping that a caller gave; an empty one maps each attribute to the column of its name.</summary>
    public static ImportMapping Resolve(
        IReadOnlyDictionary<string, string> wanted, string deleteColumn, ProfileSchema schema, Violations violations)
    {
        if (wanted.Count == 0)
        {
            violations.Check(!IsSame(schema.KeyAttribute, deleteColumn), "header.delete_column", "is the key; take another column.");

            // An attribute whose column marks deletions is not given by the file, and keeps its values.
            var given = schema.Attributes.Where(a => !a.IsNamed(deleteColumn));
            return new ImportMapping(schema, ByName(given.Select(a => (a.Name, a))), deleteColumn, IsExplicit: false);
        }

        var found = new List<(string Column, ProfileAttribute Attribute)>();
        foreach (var (column, name) in wanted)
        {
            var attribute = schema.Find(name);
            var path = $"header.columns[{column}]";
            var isNew = attribute is not null && found.TrueForAll(f => f.Attribute != attribute);
            if (violations.Check(attribute is not null, path, "goes to no attribute of the profile schema.")
                && violations.Check(isNew, path, "goes to an attribute that another column goes to.")
                && violations.Check(!IsSame(column, deleteColumn), path, "is the delete_column already.")
                && violations.Check(found.TrueForAll(f => !IsSame(f.Column, column)), path, "differs from another column by case only."))
            {
                found.Add((column, attribute!));
            }
        }

        violations.Check(found.Exists(f => schema.IsKey(f.Attribute)), "header.columns", $"must map a column to {schema.KeyAttribute}, the key.");
        return new ImportMapping(schema, ByName(found), deleteColumn, IsExplicit: true);
    }

    public bool IsDeleteColumn(string column) => DeleteColumn.Length > 0 && IsSame(column, DeleteColumn);

    private static bool IsSame(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);

    private static Dictionary<string, ProfileAttribute> ByName(IEnumerable<(string Column, ProfileAttribute Attribute)> columns) =>
        columns.ToDictionary(c => c.Column, c => c.Attribute, StringComparer.OrdinalIgnoreCase);
}
