namespace CustomerInsights.Repository.Shape;

[Parallelizable(ParallelScope.All)]
public sealed class ShapeTests
{
    [Test]
    public void Types_are_named_by_what_they_are() => Rule.Holds(Ours(SourceFile.Product).SelectMany(Names.Violations));

    [Test]
    public void Folders_are_named_by_what_happens_in_them() =>
        Rule.Holds(Names.FolderViolations(Checkout.Files.Where(f => !f.StartsWith("tests/", StringComparison.Ordinal))));

    [Test]
    public void Interfaces_have_two_implementations_or_a_decision() =>
        Rule.Holds(Interfaces.Violations([.. Ours(SourceFile.Services)], string.Join('\n', Checkout.FilesUnder("docs/decisions/", ".md").Select(Checkout.Read))));

    [Test]
    public void Classes_are_sealed_static_or_abstract() => Rule.Holds(Classes.Violations([.. Ours(SourceFile.All)]));

    [Test]
    public void Asynchronous_methods_take_a_token() => Rule.Holds(Ours(SourceFile.Product).SelectMany(Tokens.Violations));

    [Test]
    public void Files_methods_and_parameter_lists_are_small() => Rule.Holds(SourceFile.All.SelectMany(Sizes.Violations));

    [Test]
    public void Nothing_is_swallowed() => Rule.Holds(SourceFile.All.SelectMany(Honesty.EmptyCatches));

    [Test]
    public void Nothing_is_left_for_later() => Rule.Holds(SourceFile.All.SelectMany(Honesty.LeftForLater));

    [Test]
    public void Log_messages_are_generated() => Rule.Holds(SourceFile.Services.SelectMany(Honesty.PlainLogs));

    [Test]
    public void Doors_say_who_may_enter_and_do_not_catch() => Rule.Holds(SourceFile.Services
        // Health and reflection know no roles; whoever maps them decides. A sidecar has a token, not a role.
        .Where(f => !f.Path.StartsWith("services/Shared/ServiceDefaults/HealthChecking/", StringComparison.Ordinal)
            && !f.Path.StartsWith("services/Shared/ServiceDefaults/Reflecting/", StringComparison.Ordinal)
            && !f.Path.StartsWith("services/Shared/ServiceDefaults/Sidecar/", StringComparison.Ordinal))
        .SelectMany(Honesty.OpenDoors));

    [Test]
    public void Programs_are_tables_of_contents() => Rule.Holds(SourceFile.Services
        .Where(f => f.Path.EndsWith("/Program.cs", StringComparison.Ordinal) && f.LineCount > 25)
        .Select(f => $"{f.Path}: {f.LineCount} lines; at most 25, the composition belongs into the IServiceApp."));

    private static IEnumerable<SourceFile> Ours(IEnumerable<SourceFile> files) => files.Where(f => !f.RepeatsForeignShape);
}
