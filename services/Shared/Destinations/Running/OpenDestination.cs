using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.ServiceDefaults.Errors;
using Grpc.Core;

namespace CustomerInsights.Destinations.Running;

/// <summary>
/// Opens the destination for a run. The credential is fetched just then, is kept in memory for the run, and nowhere else.
/// </summary>
internal sealed class OpenDestination(CredentialService.CredentialServiceClient credentials, IDestination destination)
{
    /// <summary>The session, or why the run cannot have one. Outages are thrown.</summary>
    public async Task<Result<IDestinationSession>> RunAsync(RunAssignment assignment, CancellationToken cancellationToken)
    {
        if (assignment.Export.Connection.Length == 0)
        {
            return Missing();
        }

        Credential credential;
        try
        {
            var request = new FetchCredentialRequest { Name = assignment.Export.Connection, Run = assignment.Run };
            credential = await credentials.FetchCredentialAsync(request, cancellationToken: cancellationToken);
        }
        catch (RpcException refused) when (refused.StatusCode is StatusCode.NotFound)
        {
            return Missing();
        }
        catch (RpcException refused) when (refused.IsFinal())
        {
            return refused.GetReason() is { } reason
                ? Refusal.Precondition(reason, refused.Status.Detail)
                : Refusal.Precondition(Reasons.ServiceRefused, Reasons.Explain(Reasons.ServiceRefused));
        }

        // The run was opened for an account; whatever the credential opens now must not be taken for it.
        return credential.DestinationAccount.Length > 0 && credential.DestinationAccount != assignment.DestinationAccount
            ? Refusal.Precondition(Reasons.AccountChanged, Reasons.Explain(Reasons.AccountChanged))
            : await destination.OpenAsync(assignment, credential, cancellationToken);
    }

    private static Refusal Missing() => Refusal.Precondition(Reasons.ConnectionMissing, Reasons.Explain(Reasons.ConnectionMissing));
}
