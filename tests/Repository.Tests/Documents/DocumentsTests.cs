using System.Text.RegularExpressions;

namespace CustomerInsights.Repository.Documents;

/// <summary>Documents name commands, options, files and folders that exist.</summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class DocumentsTests
{
    [Test]
    public void Links_lead_somewhere() => Rule.Holds(
        from file in Checkout.FilesUnder("", ".md")
        from Match link in Link().Matches(Checkout.Read(file))
        let target = link.Groups[1].Value.Split('#')[0]
        where target.Length > 0 && !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal)
        where !Checkout.Exists(Path.Combine(Path.GetDirectoryName(file)!, target))
        select $"{file}: links to {target}, which does not exist.");

    // As GitHub makes them: lower case, words joined by "-", everything else left out.
    [Test]
    public void Links_into_documents_lead_to_a_heading() => Rule.Holds(
        from file in Checkout.FilesUnder("", ".md")
        from Match link in Link().Matches(Checkout.Read(file))
        let parts = link.Groups[1].Value.Split('#')
        where parts.Length == 2 && !parts[0].Contains("://", StringComparison.Ordinal)
        let target = parts[0].Length == 0 ? file : Path.GetRelativePath(".", Path.Combine(Path.GetDirectoryName(file)!, parts[0])).Replace('\\', '/')
        where target.EndsWith(".md", StringComparison.Ordinal) && Checkout.Exists(target)
        where Heading().Matches(Checkout.Read(target)).All(heading => Anchor().Replace(heading.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-') != parts[1])
        select $"{file}: links to #{parts[1]} of {target}, which has no such heading.");

    [Test]
    public void Paths_in_documents_exist() => Rule.Holds(
        from file in Checkout.FilesUnder("", ".md")
        from Match path in CodePath().Matches(Checkout.Read(file))
        let target = path.Groups[1].Value.TrimEnd('/', '.')
        where !target.Contains('<', StringComparison.Ordinal) && !target.Contains('*', StringComparison.Ordinal) && !target.Contains('…', StringComparison.Ordinal)
        where !Checkout.Exists(target) && !Checkout.Exists(Path.Combine(Path.GetDirectoryName(file)!, target))
        select $"{file}: names `{target}`, which does not exist.");

    [Test]
    public void Commands_in_documents_exist_and_know_their_options() => Rule.Holds(
        from file in Checkout.FilesUnder("", ".md")
        from Match command in Command().Matches(Checkout.Read(file))
        let script = command.Groups[1].Value
        from complaint in Complaints(file, script, command.Groups[2].Value)
        select complaint);

    [Test]
    public void Every_command_of_the_root_explains_itself() => Rule.Holds(
        from script in new[] { "run.sh", "test.sh" }
        where !Checkout.Exists(script) || !Checkout.Read(script).Contains("--help", StringComparison.Ordinal)
        select $"{script}: must exist and answer --help.");

    private static IEnumerable<string> Complaints(string file, string script, string arguments)
    {
        if (!Checkout.Exists(script))
        {
            yield return $"{file}: names the command ./{script}, which does not exist.";
            yield break;
        }

        // run.sh hands its options to the quick start.
        var known = Checkout.Read(script) + (script == "run.sh" ? string.Concat(Checkout.FilesUnder("deploy/quickstart/", ".cs").Select(Checkout.Read)) : "");
        foreach (Match option in Option().Matches(arguments))
        {
            if (!known.Contains(option.Value, StringComparison.Ordinal))
            {
                yield return $"{file}: ./{script} does not know {option.Value}.";
            }
        }
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ +(.+?) *$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w -]")]
    private static partial Regex Anchor();

    [GeneratedRegex(@"`((?:services|tests|protos|docs|deploy|eng|charts)/[^`\s:]*)`")]
    private static partial Regex CodePath();

    [GeneratedRegex(@"(?:^|`|\s)(?:\./)?((?:run|test|eng/[a-z-]+)\.sh)\b([^`\n#|]*)", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"--[a-z][a-z-]*")]
    private static partial Regex Option();
}
