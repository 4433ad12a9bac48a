using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations;
using CustomerInsights.ServiceDefaults.Errors;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Workers.Braze;

/// <summary>Braze: membership is a custom attribute of its users, written through /users/track.</summary>
internal sealed class BrazeDestination(BrazeClient client, IOptions<BrazeOptions> options) : IDestination
{
    public string Type => "braze";

    public string Explain(string reason) => BrazeReasons.Explain(reason);

    public Task<Result<IDestinationSession>> OpenAsync(RunAssignment assignment, Credential credential, CancellationToken cancellationToken) =>
        Task.FromResult(Open(assignment.Export, credential));

    private Result<IDestinationSession> Open(Export export, Credential credential)
    {
        if (export.Braze is null || credential.Braze is null)
        {
            return Refusal.Precondition(Reasons.SettingsMismatch, Reasons.Explain(Reasons.SettingsMismatch));
        }

        var host = BrazeHost.Resolve(credential.Braze.Host, options.Value.AllowedSandboxHosts);
        return host.Refusal is { } refusal
            ? refusal
            : new BrazeSession(export, client.Connect(host.Value, credential.Braze.ApiKey), BrazeLimits.Of(options.Value));
    }
}
