using CustomerInsights.Reference.Reading;

namespace CustomerInsights.Reference.Writing;

/// <summary>All pages of the reference. The same contracts give the same bytes.</summary>
internal static class Pages
{
    /// <summary>Pages by file name.</summary>
    public static IReadOnlyDictionary<string, string> Write(IReadOnlyList<Package> packages)
    {
        var links = new Links(packages);
        var pages = packages.ToDictionary(Links.PageOf, package => new PackagePage(package, links).Write(), StringComparer.Ordinal);
        pages.Add(IndexPage.Name, IndexPage.Write(packages));
        return pages;
    }
}
