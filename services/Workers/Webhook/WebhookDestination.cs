using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations;
using CustomerInsights.ServiceDefaults.Errors;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Workers.Webhook;

/// <summary>A webhook: the members of an export, as lines of JSON, to an address of the customer.</summary>
internal sealed class WebhookDestination(WebhookClient client, IOptions<WebhookOptions> options) : IDestination
{
    public string Type => "webhook";

    public string Explain(string reason) => WebhookReasons.Explain(reason);

    public Task<Result<IDestinationSession>> OpenAsync(RunAssignment assignment, Credential credential, CancellationToken cancellationToken) =>
        Task.FromResult(Open(assignment, credential));

    private Result<IDestinationSession> Open(RunAssignment assignment, Credential credential)
    {
        if (assignment.Export.Webhook is null || credential.Webhook is null)
        {
            return Refusal.Precondition(Reasons.SettingsMismatch, Reasons.Explain(Reasons.SettingsMismatch));
        }

        var address = WebhookAddress.Resolve(credential.Webhook.Url, options.Value.OutboundRules);
        return address.Refusal is { } refusal
            ? refusal
            : new WebhookSession(assignment.Export, client.Connect(address.Value, credential.Webhook.SigningSecret, assignment.Run), options.Value);
    }
}
