using System.Reflection;
using System.Text.RegularExpressions;

namespace CustomerInsights.Rpc.Tests.Strange;

/// <summary>The table of cases in the README names tests that exist, and all of those in this folder.</summary>
internal sealed partial class CaseTableTests
{
    private static readonly string[] Named = [.. Row().Matches(ReadTable()).Select(match => match.Groups[1].Value)];

    private static readonly (Type Type, string Name)[] Tests =
    [
        .. from type in typeof(CaseTableTests).Assembly.GetTypes()
           from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
           where method.IsDefined(typeof(TestAttribute)) || method.IsDefined(typeof(TestCaseAttribute))
           select (type, $"{type.Name}.{method.Name}"),
    ];

    [Test]
    public void Every_named_test_exists() => Assert.That(Named.Except(Tests.Select(test => test.Name)), Is.Empty);

    [Test]
    public void Every_test_of_this_folder_is_named() => Assert.That(
        Tests.Where(test => test.Type.Namespace == typeof(CaseTableTests).Namespace && test.Type != typeof(CaseTableTests)).Select(test => test.Name).Except(Named), Is.Empty);

    private static string ReadTable()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "CustomerInsights.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return File.ReadAllText(Path.Combine(folder.FullName, "tests", "Grpc.Tests", "README.md"));
    }

    [GeneratedRegex(@"`(\w+Tests\.\w+)`")]
    private static partial Regex Row();
}
