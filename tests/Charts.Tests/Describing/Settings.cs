using System.Reflection;
using System.Text.RegularExpressions;

namespace CustomerInsights.Charts.Describing;

/// <summary>Every setting that the processes read: those of options classes, and those that are named in code.</summary>
internal static partial class Settings
{
    private static readonly Lazy<IReadOnlyList<string>> Everything = new(Find);

    /// <summary>Such as "Storage:Engine"; lists and maps end with ":*".</summary>
    public static IReadOnlyList<string> All => Everything.Value;

    /// <summary>Whether a setting such as "Web:AllowedOrigins:0" is one of them.</summary>
    public static bool Knows(string key) => All.Any(known => known == key || (known.EndsWith(":*", StringComparison.Ordinal) && key.StartsWith(known[..^1], StringComparison.Ordinal)));

    private static List<string> Find()
    {
        var options = Assemblies().SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { IsClass: true, IsAbstract: false })
            .Select(type => (Type: type, Section: type.GetField("Section", BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)?.GetValue(null) as string))
            .Where(found => found.Section is not null)
            .SelectMany(found => Properties(found.Type, found.Section!));
        List<string> all = [.. options.Concat(Named()).Concat(["Services:*", "Logging:LogLevel:*"]).Distinct().Order(StringComparer.Ordinal)];

        // A section is no setting.
        return [.. all.Where(key => !all.Exists(other => other.StartsWith($"{key}:", StringComparison.Ordinal)))];
    }

    private static IEnumerable<Assembly> Assemblies() => Process.All.Select(process => process.App.GetType().Assembly)
        .Concat([typeof(ServiceDefaults.Hosting.IServiceApp).Assembly, typeof(Destinations.DestinationsCapability).Assembly]).Distinct();

    private static IEnumerable<string> Properties(Type type, string section) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.SetMethod is { IsPublic: true } || IsMany(property.PropertyType))
        .SelectMany(property =>
            IsMany(property.PropertyType) ? [$"{section}:{property.Name}:*"]
            : IsOurs(property.PropertyType) ? Properties(property.PropertyType, $"{section}:{property.Name}")
            : (IEnumerable<string>)[$"{section}:{property.Name}"]);

    private static bool IsMany(Type type) => type != typeof(string) && typeof(System.Collections.IEnumerable).IsAssignableFrom(type);

    private static bool IsOurs(Type type) => type is { IsClass: true } && type.Namespace?.StartsWith("CustomerInsights", StringComparison.Ordinal) == true;

    // Settings that are read before there are options.
    private static IEnumerable<string> Named() =>
        from folder in new[] { "Hosting", "Sidecar", "Telemetry" }
        from file in Directory.GetFiles(Checkout.PathOf($"services/Shared/ServiceDefaults/{folder}"), "*.cs")
        from Match match in Key().Matches(File.ReadAllText(file))
        select match.Groups[1].Value;

    [GeneratedRegex("\"((?:Listen|Process|Dapr|Telemetry)(?::[A-Z][A-Za-z]+)+|DAPR_[A-Z_]+|APP_[A-Z_]+)\"")]
    private static partial Regex Key();
}
