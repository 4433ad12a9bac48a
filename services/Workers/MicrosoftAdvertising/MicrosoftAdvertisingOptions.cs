using System.ComponentModel.DataAnnotations;
using CustomerInsights.ServiceDefaults.Outbound;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>Section "MicrosoftAdvertising": what an installation changes.</summary>
internal sealed class MicrosoftAdvertisingOptions : IValidatableObject
{
    public const string Section = "MicrosoftAdvertising";

    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(10);

    /// <value>Base address of Campaign Management. Default: production, https://campaign.api.bingads.microsoft.com/CampaignManagement/v13/.</value>
    public string CampaignAddress { get; set; } = "https://campaign.api.bingads.microsoft.com/CampaignManagement/v13/";

    /// <value>Base address of the Bulk service. Default: production, https://bulk.api.bingads.microsoft.com/Bulk/v13/.</value>
    public string BulkAddress { get; set; } = "https://bulk.api.bingads.microsoft.com/Bulk/v13/";

    /// <value>
    /// Hosts with port, such as "127.0.0.1:5090", that are a stand-in of Microsoft Advertising and may be reached by plain HTTP, for calls
    /// and for files. Default: none.
    /// </value>
    public string[] AllowedSandboxHosts { get; set; } = [];

    /// <value>Items in one Apply call. Default and most: 1,000 (MSA-22).</value>
    [Range(1, MicrosoftAdvertisingLimits.ItemsPerRequest)]
    public int ItemsPerRequest { get; set; } = MicrosoftAdvertisingLimits.ItemsPerRequest;

    /// <value>Apply calls of one run on their way at the same time. Default: 4.</value>
    [Range(1, 64)]
    public int RequestsInFlight { get; set; } = 4;

    /// <value>
    /// Calls for one customer in a minute. Microsoft Advertising does not publish its limit; beyond it calls are refused for a minute.
    /// Default: 3,000.
    /// </value>
    [Range(1, 1_000_000)]
    public int RequestsPerMinute { get; set; } = 3_000;

    /// <value>Changes from which on they go by the Bulk service instead of Apply calls. Default: 20,000.</value>
    [Range(1, long.MaxValue)]
    public long FileFrom { get; set; } = 20_000;

    /// <value>Rows of one file. Default: 4,000,000 (MSA-23); the vendor's own sandbox takes 20,000.</value>
    [Range(1, MicrosoftAdvertisingLimits.RowsPerFile)]
    public long RowsPerFile { get; set; } = MicrosoftAdvertisingLimits.RowsPerFile;

    /// <value>Different addresses of one export; with more, the run is skipped. Default: 500,000 (MSA-12, D-11).</value>
    [Range(1, MicrosoftAdvertisingLimits.RowsPerFile)]
    public long MembersPerExport { get; set; } = 500_000;

    /// <value>
    /// How long after an upload its fate is asked for at the earliest; later for more rows, by a minute for 10,000 of them (MSA-23). The pauses
    /// double. Default: 5 seconds.
    /// </value>
    public TimeSpan FirstAsk { get; set; } = TimeSpan.FromSeconds(5);

    /// <value>Longest pause before a question about a file, however many rows it has. Default: 1 minute.</value>
    public TimeSpan LongestAsk { get; set; } = TimeSpan.FromMinutes(1);

    /// <value>How long a call may take. Default: 1 minute.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <value>How long the transfer of a file may take. Default: 10 minutes.</value>
    public TimeSpan FileTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <value>Folder for files on their way, which hold hashes and are deleted at once. Default: the system's folder for temporary files.</value>
    public string SpoolFolder { get; set; } = Path.GetTempPath();

    internal OutboundRules OutboundRules => new(AllowedSandboxHosts, ConnectPatience);

    /// <summary>Whether something may be sent to an address, or read from it. Those of files come from outside and have any host name.</summary>
    internal bool IsAllowed(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && OutboundRules.Permit(uri);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, time) in new[]
        {
            (nameof(FirstAsk), FirstAsk), (nameof(LongestAsk), LongestAsk), (nameof(RequestTimeout), RequestTimeout), (nameof(FileTimeout), FileTimeout),
        })
        {
            if (time <= TimeSpan.Zero)
            {
                yield return new ValidationResult($"{Section}:{name} must be longer than zero.", [name]);
            }
        }

        foreach (var (name, address) in new[] { (nameof(CampaignAddress), CampaignAddress), (nameof(BulkAddress), BulkAddress) })
        {
            if (!address.EndsWith('/') || !IsAllowed(address))
            {
                yield return new ValidationResult($"{Section}:{name} must be an https address that ends with \"/\", or be at one of {nameof(AllowedSandboxHosts)}.", [name]);
            }
        }

        foreach (var problem in OutboundRules.CheckSandboxHosts(Section, AllowedSandboxHosts))
        {
            yield return problem;
        }

        if (!Directory.Exists(SpoolFolder))
        {
            yield return new ValidationResult($"{Section}:{nameof(SpoolFolder)} must be a folder that exists.", [nameof(SpoolFolder)]);
        }
    }
}
