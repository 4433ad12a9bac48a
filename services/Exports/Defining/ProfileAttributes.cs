using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Exports.Defining;

/// <summary>The attributes that profiles have, for checking what is mapped.</summary>
internal sealed class ProfileAttributes(IEnumerable<KeyValuePair<string, AttributeType>> attributes)
{
    private readonly Dictionary<string, AttributeType> _types = new(attributes, StringComparer.Ordinal);

    /// <summary>Adds a violation unless the attribute exists and is of one of the types; no types given means any.</summary>
    public void Check(string attribute, string field, Violations violations, params AttributeType[] types)
    {
        if (!_types.TryGetValue(attribute, out var type))
        {
            violations.Add(field, "is not an attribute of the profile schema.");
        }
        else if (types.Length > 0)
        {
            violations.Check(types.Contains(type), field, $"must be an attribute of type {string.Join(" or ", types).ToLowerInvariant()}, and is of type {type.ToString().ToLowerInvariant()}.");
        }
    }
}
