namespace CustomerInsights.Quickstart.Starting;

/// <summary>Where things are: in the checkout that this program was built in, or in a bundle (eng/bundle.sh).</summary>
internal static class Repository
{
    private const string Bundle = "bundle.txt";

    public static string Root { get; } = FindRoot();

    /// <summary>
    /// The command that starts a project's program, such as "Segments" or "Workers.Braze": of a checkout the build of the same
    /// configuration as this one, of a bundle the program with its own runtime.
    /// </summary>
    public static IReadOnlyList<string> Program(string project) => File.Exists(Path.Combine(Root, Bundle))
        ? [Existing(Path.Combine(AppContext.BaseDirectory, $"CustomerInsights.{project}"))]
        : ["dotnet", Existing(Path.Combine(Root, "artifacts", "bin", $"CustomerInsights.{project}", new DirectoryInfo(AppContext.BaseDirectory).Name, $"CustomerInsights.{project}.dll"))];

    private static string Existing(string path) => File.Exists(path) ? path : throw new FileNotFoundException($"{path} is missing; build CustomerInsights.sln first.", path);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "CustomerInsights.sln")) && !File.Exists(Path.Combine(folder.FullName, Bundle)))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("This program runs in the checkout it was built in, or in a bundle.");
    }
}
