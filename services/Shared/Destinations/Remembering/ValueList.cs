using System.Text.Json;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Remembering;

/// <summary>"Is one of these": an array parameter on PostgreSQL, a JSON array on SQLite.</summary>
internal static class ValueList
{
    /// <summary>The condition that a column equals one of the values of a parameter.</summary>
    public static string IsOneOf(Engine engine, string column, string parameter) => engine == Engine.PostgreSql
        ? $"{column} = ANY({parameter})"
        : $"{column} IN (SELECT value FROM json_each({parameter}))";

    /// <summary>The parameter's value.</summary>
    public static object Of<T>(Engine engine, IReadOnlyCollection<T> values) => engine == Engine.PostgreSql ? values.ToArray() : JsonSerializer.Serialize(values);
}
