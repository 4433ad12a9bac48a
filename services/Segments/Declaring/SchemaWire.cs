using System.Text.RegularExpressions;
using CustomerInsights.ServiceDefaults.Errors;
using Wire = CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Segments.Declaring;

/// <summary>Schemas as the contract has them.</summary>
internal static partial class SchemaWire
{
    private const int MaxSemanticType = 128;
    private const string Path = "profile_schema.attributes";

    /// <summary>The schema, or all that is wrong with it.</summary>
    public static Result<ProfileSchema> Read(Wire.ProfileSchema schema)
    {
        var violations = new Violations();
        violations.Check(schema.Attributes.Count <= ProfileSchema.MaxAttributes, Path, $"must hold at most {ProfileSchema.MaxAttributes}.");
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < schema.Attributes.Count; i++)
        {
            CheckAttribute(schema.Attributes[i], $"{Path}[{i}]", names, violations);
        }

        var key = schema.Attributes.FirstOrDefault(a => string.Equals(a.Name, schema.KeyAttribute, StringComparison.OrdinalIgnoreCase));
        if (violations.Check(key is not null, "profile_schema.key_attribute", "must be one of the attributes."))
        {
            violations.Check(key!.Type is Wire.AttributeType.String, "profile_schema.key_attribute", "must be a string attribute.");
        }

        return violations.None
            ? new ProfileSchema(key!.Name, [.. schema.Attributes.Select(a => new ProfileAttribute(a.Name, (AttributeKind)a.Type, a.SemanticType))])
            : violations.ToRefusal();
    }

    public static Wire.ProfileSchema Write(ProfileSet set) => new()
    {
        Name = $"environments/{set.Environment}/profileSchema",
        KeyAttribute = set.Schema.KeyAttribute,
        Attributes =
        {
            set.Schema.Attributes.Select(a => new Wire.Attribute { Name = a.Name, Type = (Wire.AttributeType)a.Kind, SemanticType = a.SemanticType }),
        },
        Etag = set.Etag,
    };

    private static void CheckAttribute(Wire.Attribute attribute, string path, HashSet<string> names, Violations violations)
    {
        if (violations.Check(
            AttributeName().IsMatch(attribute.Name) && attribute.Name.Length <= ProfileAttribute.MaxNameLength,
            $"{path}.name",
            $"must be letters, digits and \"_\", starting with a letter, at most {ProfileAttribute.MaxNameLength} characters."))
        {
            violations.Check(names.Add(attribute.Name), $"{path}.name", "is the name of an earlier attribute, but for case.");
        }

        violations.Check(Enum.IsDefined((AttributeKind)attribute.Type), $"{path}.type", "must be ATTRIBUTE_TYPE_STRING, ATTRIBUTE_TYPE_NUMBER, ATTRIBUTE_TYPE_DATE or ATTRIBUTE_TYPE_BOOLEAN.");
        violations.Check(
            attribute.SemanticType.Length <= MaxSemanticType && SemanticType().IsMatch(attribute.SemanticType),
            $"{path}.semantic_type",
            $"must be letters, digits, \".\" and \"_\", at most {MaxSemanticType} characters.");
    }

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_]*\z")]
    private static partial Regex AttributeName();

    [GeneratedRegex(@"\A[A-Za-z0-9_.]*\z")]
    private static partial Regex SemanticType();
}
