using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Segments.Declaring;

/// <summary>What lies between the stored schema and the wanted one.</summary>
/// <param name="Added">Attributes to add a column for.</param>
/// <param name="Dropped">Attributes whose column goes; possible only while there are no profiles.</param>
/// <param name="Refusal">Why the wanted schema cannot follow the stored one, or null.</param>
internal sealed record SchemaChange(IReadOnlyList<ProfileAttribute> Added, IReadOnlyList<ProfileAttribute> Dropped, Refusal? Refusal)
{
    public static SchemaChange Between(ProfileSet stored, ProfileSchema wanted)
    {
        var added = wanted.Attributes.Where(a => stored.Schema.Find(a.Name) is null).ToList();
        var dropped = stored.Schema.Attributes.Where(a => wanted.Find(a.Name) is null).ToList();
        var retyped = wanted.Attributes.Where(a => stored.Schema.Find(a.Name) is { } old && old.Kind != a.Kind).ToList();
        return new SchemaChange(added, dropped, Refuse(stored, wanted, dropped, retyped));
    }

    private static Refusal? Refuse(
        ProfileSet stored, ProfileSchema wanted, List<ProfileAttribute> dropped, List<ProfileAttribute> retyped)
    {
        if (!string.Equals(stored.Schema.KeyAttribute, wanted.KeyAttribute, StringComparison.OrdinalIgnoreCase))
        {
            return Refusal.Precondition("KEY_FIXED", $"The key attribute is {stored.Schema.KeyAttribute} and cannot change.");
        }

        if (retyped.Count > 0)
        {
            return Refusal.Precondition("TYPE_FIXED", $"The type of {Names(retyped)} cannot change. Add an attribute of another name.");
        }

        return dropped.Count > 0 && stored.ProfileCount > 0
            ? Refusal.Precondition("ATTRIBUTE_IN_USE", $"{Names(dropped)} cannot be dropped while there are profiles.")
            : null;
    }

    private static string Names(List<ProfileAttribute> attributes) => string.Join(", ", attributes.Select(a => a.Name));
}
