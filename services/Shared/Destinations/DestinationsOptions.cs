using System.ComponentModel.DataAnnotations;

namespace CustomerInsights.Destinations;

/// <summary>Section "Destinations".</summary>
internal sealed class DestinationsOptions
{
    public const string Section = "Destinations";

    /// <value>Runs of one process at the same time; those of one connection follow one another all the same. Default: 4.</value>
    [Range(1, 256)]
    public int ConcurrentRuns { get; set; } = 4;
}
