using System.ComponentModel.DataAnnotations;
using CustomerInsights.ServiceDefaults.Outbound;

namespace CustomerInsights.Workers.Braze;

/// <summary>Section "Braze": what a contract or an installation changes.</summary>
internal sealed class BrazeOptions : IValidatableObject
{
    public const string Section = "Braze";

    /// <value>
    /// Hosts with port, such as "127.0.0.1:5090", that are a stand-in of Braze and are reached by plain HTTP. Default: none.
    /// </value>
    public string[] AllowedSandboxHosts { get; set; } = [];

    /// <value>Requests to /users/track that the account may send in one window. Default: 3,000 (BRZ-23).</value>
    [Range(1, 1_000_000)]
    public int RequestsPerWindow { get; set; } = BrazeLimits.RequestsPerWindow;

    /// <value>Length of the window. Default: 3 seconds.</value>
    public TimeSpan Window { get; set; } = BrazeLimits.Window;

    /// <value>Objects in one request. Default: 75; contracts of the year 2024 allow 50.</value>
    [Range(1, BrazeLimits.ObjectsPerRequest)]
    public int ObjectsPerRequest { get; set; } = BrazeLimits.ObjectsPerRequest;

    /// <value>Requests of one run on their way at the same time. Default: 16.</value>
    [Range(1, 256)]
    public int RequestsInFlight { get; set; } = BrazeLimits.RequestsInFlight;

    /// <value>How long Braze may take to answer. Default: 30 seconds.</value>
    public TimeSpan RequestTimeout { get; set; } = BrazeLimits.RequestTimeout;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Window <= TimeSpan.Zero)
        {
            yield return new ValidationResult($"{Section}:{nameof(Window)} must be longer than zero.", [nameof(Window)]);
        }

        if (RequestTimeout <= TimeSpan.Zero)
        {
            yield return new ValidationResult($"{Section}:{nameof(RequestTimeout)} must be longer than zero.", [nameof(RequestTimeout)]);
        }

        foreach (var problem in OutboundRules.CheckSandboxHosts(Section, AllowedSandboxHosts))
        {
            yield return problem;
        }
    }
}
