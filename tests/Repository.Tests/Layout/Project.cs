using System.Xml.Linq;

namespace CustomerInsights.Repository.Layout;

/// <summary>One project file.</summary>
/// <param name="Path">Relative to the root.</param>
/// <param name="Type">Service, Library, Tool or Test.</param>
/// <param name="References">Projects it references, relative to the root.</param>
internal sealed record Project(string Path, string Type, IReadOnlyList<string> References)
{
    private static readonly Lazy<IReadOnlyList<Project>> Everything = new(() => [.. Checkout.FilesUnder("", ".csproj").Select(Load)]);

    public static IReadOnlyList<Project> All => Everything.Value;

    /// <summary>Processes of the system with a place in every topology: services and workers.</summary>
    public static IEnumerable<Project> Processes => All.Where(p =>
        p.Path.StartsWith("services/", StringComparison.Ordinal) && !p.IsShared && p.Folder is not ("services/Standalone" or "services/Sandbox"));

    public string Folder => Path[..Path.LastIndexOf('/')];

    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public bool IsShared => Path.StartsWith("services/Shared/", StringComparison.Ordinal);

    public bool IsWorker => Path.StartsWith("services/Workers/", StringComparison.Ordinal);

    /// <summary>The name towards Dapr, the broker, other services: "segments", "worker-braze".</summary>
    public string AppId
    {
        get
        {
            var words = System.Text.RegularExpressions.Regex.Replace(Folder.Split('/')[^1], "(?<=[a-z])(?=[A-Z])", "-").ToLowerInvariant();
            return IsWorker ? $"worker-{words}" : words;
        }
    }

    private static Project Load(string path)
    {
        var xml = XDocument.Parse(Checkout.Read(path));
        var folder = System.IO.Path.GetDirectoryName(path)!;
        var references = xml.Descendants("ProjectReference")
            .Select(r => r.Attribute("Include")!.Value.Replace('\\', '/'))
            .Select(r => System.IO.Path.GetRelativePath(Checkout.Root, System.IO.Path.GetFullPath(System.IO.Path.Combine(Checkout.Root, folder, r))).Replace('\\', '/'));
        return new Project(path, xml.Descendants("ProjectType").FirstOrDefault()?.Value ?? "", [.. references]);
    }
}
