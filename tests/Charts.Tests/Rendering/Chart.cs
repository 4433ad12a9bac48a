using System.Collections.Concurrent;

namespace CustomerInsights.Charts.Rendering;

/// <summary>The umbrella chart, rendered by helm when ./test.sh was given one (CI_TEST_HELM), else by the program of eng/charts.sh.</summary>
internal static class Chart
{
    public const string Folder = "deploy/charts/customer-insights";
    public const string Release = "ci";
    public const string Namespace = "insights";

    private static readonly ConcurrentDictionary<string, Lazy<Rendered>> Known = new();
    private static readonly Lazy<string> Prepared = new(Prepare);

    /// <summary>Names of the values in ci/: "default" for ci/default-values.yaml.</summary>
    public static IReadOnlyList<string> CiValues { get; } =
    [
        .. Directory.GetFiles(Checkout.PathOf($"{Folder}/ci"), "*-values.yaml").Select(file => Path.GetFileName(file)[..^"-values.yaml".Length]).Order(StringComparer.Ordinal),
    ];

    private static string? Helm => Environment.GetEnvironmentVariable("CI_TEST_HELM") is { Length: > 0 } helm ? helm : null;

    /// <summary>What the chart renders with values of ci/.</summary>
    public static Rendered With(string ci) => Known.GetOrAdd(ci, name => new Lazy<Rendered>(() => new Rendered(name, TextWith(name)))).Value;

    public static string TextWith(string ci)
    {
        var run = Render(Release, "--values", Checkout.PathOf($"{Folder}/ci/{ci}-values.yaml"));
        Assert.That(run.Code, Is.Zero, run.Errors);
        return run.Output;
    }

    /// <summary>What NOTES.txt says with values of ci/; helm shows it in a trial of an installation.</summary>
    public static string NotesWith(string ci)
    {
        var values = new[] { "--values", Checkout.PathOf($"{Folder}/ci/{ci}-values.yaml") };
        var run = Helm is null ? Run("notes", Release, values) : Run("install", Release, ["--dry-run=client", .. values]);
        Assert.That(run.Code, Is.Zero, run.Errors);
        return run.Output[(run.Output.LastIndexOf("NOTES", StringComparison.Ordinal) + 1)..];
    }

    /// <summary>What the chart renders with values on top of those of ci/default.</summary>
    public static Command RenderOver(string values, string release = Release)
    {
        var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.yaml");
        File.WriteAllText(file, values);
        try
        {
            return Render(release, "--values", Checkout.PathOf($"{Folder}/ci/default-values.yaml"), "--values", file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Command Render(string release, params string[] arguments) => Run("template", release, ["--kube-version", "v1.34.0", .. arguments]);

    private static Command Run(string verb, string release, string[] arguments) =>
        Command.Run(Helm ?? Checkout.PathOf("artifacts/charts/render"), [verb, release, Prepared.Value, "--namespace", Namespace, .. arguments]);

    // Helm wants dependencies inside the chart; the work tree stays as it is.
    private static string Prepare()
    {
        if (Helm is not { } helm)
        {
            return Checkout.PathOf(Folder);
        }

        var copy = Directory.CreateTempSubdirectory("charts-").FullName;
        var from = Checkout.PathOf("deploy/charts");
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(copy, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        var chart = Path.Combine(copy, "customer-insights");
        var build = Command.Run(helm, ["dependency", "build", chart]);
        return build.Code == 0 ? chart : throw new InvalidOperationException(build.Errors);
    }
}
