namespace CustomerInsights.Quickstart.Starting;

/// <summary>Where things are in the checkout that this program was built in.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The built program of a project, such as "Segments" or "Workers.Braze", of the same configuration as this one.</summary>
    public static string Program(string project)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var path = Path.Combine(Root, "artifacts", "bin", $"CustomerInsights.{project}", configuration, $"CustomerInsights.{project}.dll");
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is missing; build CustomerInsights.sln first.", path);
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "CustomerInsights.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("This program runs in the checkout it was built in.");
    }
}
