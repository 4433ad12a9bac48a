using System.ComponentModel.DataAnnotations;

namespace CustomerInsights.Destinations.Forgetting;

/// <summary>Section "Forgetting" of a worker's configuration.</summary>
internal sealed class ForgettingOptions
{
    public const string Section = "Forgetting";

    /// <summary>How often a worker looks for what it need not remember any more.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan Every { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How long the ledger remembers a customer who was taken out, with the matching key.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan KeepRemoved { get; set; } = TimeSpan.FromDays(400);
}
