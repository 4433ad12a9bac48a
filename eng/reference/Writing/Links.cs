using CustomerInsights.Reference.Reading;

namespace CustomerInsights.Reference.Writing;

/// <summary>Where each type is described.</summary>
internal sealed class Links(IReadOnlyList<Package> packages)
{
    private const string Google = "google.protobuf.";

    /// <summary>Packages by full name of each type in them.</summary>
    private readonly Dictionary<string, Package> _homes = packages
        .SelectMany(package => package.Messages.Select(m => m.Name).Concat(package.Enumerations.Select(e => e.Name)), (package, name) => (package, name))
        .ToDictionary(found => $"{found.package.Name}.{found.name}", found => found.package);

    public static string PageOf(Package package) => $"{package.Name}.md";

    /// <summary>A link to a type from the page of a package.</summary>
    /// <param name="type">Full name of the type.</param>
    public string To(string type, Package from)
    {
        if (type.StartsWith(Google, StringComparison.Ordinal))
        {
            return $"[{type[Google.Length..]}](https://protobuf.dev/reference/protobuf/google.protobuf/#{Hyphenated(type[Google.Length..])})";
        }

        var home = _homes.GetValueOrDefault(type) ?? throw new InvalidOperationException($"{type} is in none of the packages.");
        var name = type[(home.Name.Length + 1)..];
        return $"[{name}]({(home == from ? "" : PageOf(home))}#{Markdown.Anchor(name)})";
    }

    // The page of the well-known types writes "FieldMask" as "field-mask".
    private static string Hyphenated(string name) => string.Concat(name.Select((character, i) =>
        char.IsAsciiLetterUpper(character) ? (i == 0 ? "" : "-") + char.ToLowerInvariant(character) : character.ToString()));
}
