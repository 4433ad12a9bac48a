using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace CustomerInsights.ServiceDefaults.Storage;

/// <summary>One embedded file "Migrations/NNNN_name[.sqlite|.postgresql].sql".</summary>
internal sealed record Migration(int Number, string Name, string Sql)
{
    /// <summary>Of the text with LF line ends, so that a checkout's line ends do not matter.</summary>
    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    /// <summary>The migrations of an assembly for one engine, in order.</summary>
    public static IReadOnlyList<Migration> Of(Assembly assembly, Engine engine)
    {
        var found = assembly.GetManifestResourceNames()
            .Select(resource => (Resource: resource, Match: MigrationPattern.File().Match(resource)))
            .Where(file => file.Match.Success)
            .ToLookup(file => int.Parse(file.Match.Groups["number"].Value, CultureInfo.InvariantCulture));
        return [.. found.OrderBy(number => number.Key).Select(number => Load(assembly, engine, number.Key, [.. number.Select(f => (f.Resource, f.Match))]))];
    }

    private static Migration Load(Assembly assembly, Engine engine, int number, (string Resource, Match Match)[] files)
    {
        var wanted = engine == Engine.Sqlite ? "sqlite" : "postgresql";
        var fitting = files.Where(file => file.Match.Groups["engine"].Value is var given && (given.Length == 0 || given == wanted)).ToArray();
        if (fitting.Length != 1 || files.Select(file => file.Match.Groups["name"].Value).Distinct().Count() != 1)
        {
            throw new MigrationException(
                $"{assembly.GetName().Name} has {fitting.Length} migrations {number:D4} for {engine} ({string.Join(", ", files.Select(f => f.Resource))}); exactly one is needed.");
        }

        using var reader = new StreamReader(assembly.GetManifestResourceStream(fitting[0].Resource)!, Encoding.UTF8);
        return new Migration(number, fitting[0].Match.Groups["name"].Value, reader.ReadToEnd().ReplaceLineEndings("\n"));
    }
}

/// <summary>Which embedded resources are migrations.</summary>
internal static partial class MigrationPattern
{
    [GeneratedRegex(@"\.Migrations\.(?<number>\d{4})_(?<name>[A-Za-z0-9_-]+)(\.(?<engine>sqlite|postgresql))?\.sql$", RegexOptions.CultureInvariant)]
    public static partial Regex File();
}

/// <summary>The database cannot be brought to the version of this binary; the text says why and what helps.</summary>
public sealed class MigrationException(string message) : Exception(message);
