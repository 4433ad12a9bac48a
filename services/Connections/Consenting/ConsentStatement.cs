namespace CustomerInsights.Connections.Consenting;

/// <summary>The data privacy and compliance statement that the creator of a connection agrees to (CON-13).</summary>
internal static class ConsentStatement
{
    /// <summary>Version of the text that is agreed to today. A new text gets a new version; old ones stay readable.</summary>
    public const string CurrentVersion = "2026-11";

    /// <summary>The text of a version, or null when there is no such version.</summary>
    public static string? Find(string version)
    {
        using var resource = typeof(ConsentStatement).Assembly.GetManifestResourceStream($"{typeof(ConsentStatement).Namespace}.statement-{version}.txt");
        if (resource is null)
        {
            return null;
        }

        using var reader = new StreamReader(resource);
        return reader.ReadToEnd();
    }
}
