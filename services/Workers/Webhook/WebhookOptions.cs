using System.ComponentModel.DataAnnotations;
using CustomerInsights.ServiceDefaults.Outbound;

namespace CustomerInsights.Workers.Webhook;

/// <summary>Section "Webhook": what an installation changes.</summary>
internal sealed class WebhookOptions : IValidatableObject
{
    public const string Section = "Webhook";

    /// <value>
    /// Hosts with port, such as "127.0.0.1:5090", that are a stand-in of a receiver and are reached by plain HTTP. Default: none.
    /// </value>
    public string[] AllowedSandboxHosts { get; set; } = [];

    /// <value>Requests to one address in one window. Default: 100.</value>
    [Range(1, 1_000_000)]
    public int RequestsPerWindow { get; set; } = WebhookLimits.RequestsPerWindow;

    /// <value>Length of the window. Default: 1 second.</value>
    public TimeSpan Window { get; set; } = WebhookLimits.Window;

    /// <value>Requests of one run on their way at the same time. Default: 4.</value>
    [Range(1, 256)]
    public int RequestsInFlight { get; set; } = WebhookLimits.RequestsInFlight;

    /// <value>How long a receiver may take to answer. Default: 30 seconds.</value>
    public TimeSpan RequestTimeout { get; set; } = WebhookLimits.RequestTimeout;

    internal OutboundRules OutboundRules => new(AllowedSandboxHosts, WebhookLimits.ConnectPatience);

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
