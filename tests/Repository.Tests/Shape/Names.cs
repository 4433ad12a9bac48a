using System.Text.RegularExpressions;

namespace CustomerInsights.Repository.Shape;

/// <summary>Words that name nothing: a type called so has no subject of its own.</summary>
internal static partial class Names
{
    private static readonly HashSet<string> Empty = ["Common", "Util", "Utils", "Utility", "Utilities", "Helper", "Helpers", "Manager", "Base", "Info", "Data"];

    public static IEnumerable<string> Violations(SourceFile file) => file.Types
        .Select(type => (Type: type, Word: EmptyWordOf(type.Identifier.Text)))
        .Where(found => found.Word is not null)
        .Select(found => $"{file.At(found.Type)}: {found.Type.Identifier.Text} says \"{found.Word}\"; name it after what it does or is.");

    public static IEnumerable<string> FolderViolations(IEnumerable<string> paths) => paths
        .SelectMany(path => path.Split('/').SkipLast(1).Select(folder => (Path: path, Word: EmptyWordOf(folder), Folder: folder)))
        .Where(found => found.Word is not null)
        .Select(found => $"{found.Path}: the folder {found.Folder} says \"{found.Word}\"; a folder is named after what happens in it.")
        .Distinct();

    private static string? EmptyWordOf(string name) => Word().Matches(name).Select(m => m.Value).FirstOrDefault(Empty.Contains);

    [GeneratedRegex("[A-Z][a-z0-9]*")]
    private static partial Regex Word();
}
