using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Destinations;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.Workers.MicrosoftAdvertising.Keeping;

namespace CustomerInsights.Workers.MicrosoftAdvertising;

/// <summary>Microsoft Advertising: a Customer Match audience mirrors each segment, by hashed addresses.</summary>
internal sealed class MicrosoftAdvertisingDestination(
    MicrosoftAdvertisingClient client,
    CredentialService.CredentialServiceClient credentials,
    AudienceRecords records,
    SessionTools tools) : IDestination
{
    public string Type => "microsoft_advertising";

    public string Explain(string reason) => MicrosoftAdvertisingReasons.Explain(reason);

    public Task<Result<IDestinationSession>> OpenAsync(RunAssignment assignment, Credential credential, CancellationToken cancellationToken) =>
        Task.FromResult(Open(assignment, credential));

    private Result<IDestinationSession> Open(RunAssignment assignment, Credential credential)
    {
        if (assignment.Export.MicrosoftAdvertising is null || credential.MicrosoftAdvertising is null)
        {
            return Refusal.Precondition(Reasons.SettingsMismatch, Reasons.Explain(Reasons.SettingsMismatch));
        }

        var accounts = new MicrosoftAdvertisingAccounts(client, credentials, assignment, credential.MicrosoftAdvertising);
        return new MicrosoftAdvertisingSession(assignment, accounts, new AudienceLists(records), tools);
    }
}
