using System.Globalization;
using System.Text.Json;

namespace CustomerInsights.Benchmarks.Reporting;

/// <summary>Results as JSON, for comparing runs.</summary>
internal static class ResultFile
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The file it was written to.</summary>
    public static async Task<string> WriteAsync(Results results, string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var time = TimeProvider.System.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        var file = Path.Combine(folder, $"{results.Scenario}-{results.Engine.ToLowerInvariant()}-{time}.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(results, Json), cancellationToken);
        return file;
    }
}
