using System.Reflection;
using Dapper;

namespace CustomerInsights.ServiceDefaults.Storage;

/// <summary>
/// Lets Dapper build records whatever the order and number types of the columns. By itself it demands that both equal
/// those of the constructor, and SQLite has 64-bit integers for everything.
/// </summary>
internal sealed class RecordTypeMap(ConstructorInfo constructor) : SqlMapper.ITypeMap
{
    private readonly DefaultTypeMap _properties = new(constructor.DeclaringType!);

    /// <summary>Makes it the map of every type with exactly one public constructor that takes something.</summary>
    public static void Use()
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        SqlMapper.TypeMapProvider = static type =>
            type.GetConstructors() is [{ } only] && only.GetParameters().Length > 0 ? new RecordTypeMap(only) : new DefaultTypeMap(type);
    }

    public ConstructorInfo? FindConstructor(string[] names, Type[] types) => null;

    // Dapper calls it with defaults and then sets the init-only properties, with conversions.
    public ConstructorInfo? FindExplicitConstructor() => constructor;

    public SqlMapper.IMemberMap? GetConstructorParameter(ConstructorInfo _, string columnName) => null;

    public SqlMapper.IMemberMap? GetMember(string columnName) => _properties.GetMember(columnName)
        ?? throw new InvalidOperationException($"The column {columnName} has no property in {constructor.DeclaringType!.Name}.");
}
