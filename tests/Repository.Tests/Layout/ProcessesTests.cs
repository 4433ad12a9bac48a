using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace CustomerInsights.Repository.Layout;

[Parallelizable(ParallelScope.All)]
public sealed partial class ProcessesTests
{
    [Test]
    public void Every_folder_of_services_is_a_project_named_like_it() => Rule.Holds(
        Checkout.FilesUnder("services/", ".cs").Concat(Checkout.FilesUnder("services/", ".csproj"))
            .Select(ProjectFolderOf)
            .Distinct()
            .Where(folder => !Checkout.Exists($"{folder}/CustomerInsights.{NameOf(folder)}.csproj"))
            .Select(folder => $"{folder}: expected {folder}/CustomerInsights.{NameOf(folder)}.csproj."));

    [Test]
    public void The_solution_lists_every_project()
    {
        var listed = SolutionProject().Matches(Checkout.Read("CustomerInsights.sln")).Select(m => m.Groups[1].Value.Replace('\\', '/')).ToList();
        var present = Project.All.Select(p => p.Path).ToList();
        Rule.Holds(present.Except(listed).Select(p => $"CustomerInsights.sln: lacks {p}; run 'dotnet sln add {p}'.")
            .Concat(listed.Except(present).Select(p => $"CustomerInsights.sln: lists {p}, which does not exist.")));
    }

    [Test]
    public void Tye_lists_every_process()
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Checkout.Read("tye.yaml")));
        var services = ((YamlSequenceNode)((YamlMappingNode)yaml.Documents[0].RootNode)["services"]).OfType<YamlMappingNode>()
            .Where(s => s.Children.ContainsKey("project"))
            .Select(s => $"{s["name"]} = {s["project"]}").ToList();
        var expected = Project.Processes.Select(p => $"{p.AppId} = {p.Path}").Append("sandbox = services/Sandbox/CustomerInsights.Sandbox.csproj").ToList();
        Rule.Holds(expected.Except(services).Select(s => $"tye.yaml: lacks the service {s}.")
            .Concat(services.Except(expected).Select(s => $"tye.yaml: lists {s}, but services/ says otherwise.")));
    }

    [Test]
    public void Every_process_says_its_app_id_and_runs_it() => Rule.Holds(Project.Processes.SelectMany(p =>
    {
        var files = SourceFile.Services.Where(f => f.Path.StartsWith(p.Folder + "/", StringComparison.Ordinal)).ToList();
        var app = files.Where(f => f.Path.EndsWith("App.cs", StringComparison.Ordinal)).Select(f => f.Tree.ToString()).FirstOrDefault(t => t.Contains("IServiceApp", StringComparison.Ordinal));
        var program = files.FirstOrDefault(f => f.Path == $"{p.Folder}/Program.cs");
        return new[]
        {
            app is null ? $"{p.Folder}: has no …App.cs with the IServiceApp." : null,
            app is not null && !app.Contains($"\"{p.AppId}\"", StringComparison.Ordinal) ? $"{p.Folder}: its IServiceApp must have the app id \"{p.AppId}\"." : null,
            program is null ? $"{p.Folder}: has no Program.cs." : null,
        }.OfType<string>();
    }));

    [Test]
    public void Every_process_has_a_short_readme() => Rule.Holds(Project.Processes.Select(p => $"{p.Folder}/README.md").SelectMany(path =>
        !Checkout.Exists(path) ? [$"{path}: missing; say what the process owns, its events in and out, its limits."]
        : Checkout.Read(path).Split('\n').Length > 41 ? (string[])[$"{path}: more than 40 lines."]
        : []));

    [Test]
    public void Every_other_project_under_services_has_a_readme() => Rule.Holds(Project.All
        .Where(p => p.Path.StartsWith("services/", StringComparison.Ordinal) && !Checkout.Exists($"{p.Folder}/README.md"))
        .Select(p => $"{p.Folder}/README.md: missing; the README of the root promises one."));

    [Test]
    public void The_root_stays_small()
    {
        var entries = Checkout.Files.Select(f => f.Split('/')[0]).Distinct().Count();
        Assert.That(entries, Is.LessThanOrEqualTo(25), "The root has at most 25 entries; plans and drafts live elsewhere.");
    }

    private static string ProjectFolderOf(string path)
    {
        var parts = path.Split('/');
        return string.Join('/', parts.Take(parts[1] is "Workers" or "Shared" ? 3 : 2));
    }

    private static string NameOf(string folder) => string.Join('.', folder.Split('/').Skip(1).Where(part => part != "Shared"));

    [GeneratedRegex("\"([^\"]+\\.csproj)\"")]
    private static partial Regex SolutionProject();
}
