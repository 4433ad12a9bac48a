using CustomerInsights.Connections.Fetching;
using CustomerInsights.Connections.Protecting;
using CustomerInsights.Connections.Verifying;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;

namespace CustomerInsights.Connections.Defining;

/// <summary>A type whose credential is a secret that people enter, for one host.</summary>
internal abstract class SecretConnectionType(string id, ProtectSecrets secrets) : ConnectionType(id)
{
    /// <summary>Name of the setting that holds the secret.</summary>
    protected abstract string SecretSetting { get; }

    public sealed override async Task<Result<CheckedSettings>> CheckAsync(Caller caller, string environment, Connection? before, GivenSettings given, CancellationToken cancellationToken)
    {
        var host = given.Host ?? before!.Host;
        if (given.Secret is null && !MayCarryOver(before!.Host, host))
        {
            return Refusal.Invalid($"connection.{Field}.{SecretSetting}", "must be sent again, because a secret of the one kind of host is not shown to the other.");
        }

        if ((given.Secret ?? (await secrets.OpenAsync(before!, cancellationToken))?.Secret) is not { } secret)
        {
            return Refusal.Precondition(Problem.SecretUnreadable, Explain(Problem.SecretUnreadable));
        }

        var outcome = await ProbeAsync(host, secret, cancellationToken);
        return outcome == ProbeOutcome.Accepted
            ? new CheckedSettings { Host = host, Workspace = given.Workspace ?? before?.Workspace ?? "", Secret = secret }
            : Refusal.Precondition(outcome.Problem, Explain(outcome.Problem));
    }

    public sealed override async Task<VerifiedCredential> VerifyAsync(Connection connection, CancellationToken cancellationToken) =>
        new(await secrets.OpenAsync(connection, cancellationToken) is { } opened
            ? (await ProbeAsync(connection.Host, opened.Secret, cancellationToken)).Problem
            : Problem.SecretUnreadable);

    public sealed override async Task<OpenedCredential> OpenAsync(Connection connection, bool renew, CancellationToken cancellationToken)
    {
        if (await secrets.OpenAsync(connection, cancellationToken) is not { } opened)
        {
            return OpenedCredential.Failed(Problem.SecretUnreadable);
        }

        return new OpenedCredential(opened.Secret)
        {
            Rewritten = opened.ByOldKey ? await secrets.CloseAsync(connection.Name, connection.CredentialVersion, opened.Secret, cancellationToken) : null,
        };
    }

    /// <summary>Whether a secret that is kept for one host may be used for the other.</summary>
    protected abstract bool MayCarryOver(string fromHost, string toHost);

    /// <summary>Asks the service, without changing anything there, whether it accepts the secret.</summary>
    protected abstract Task<ProbeOutcome> ProbeAsync(string host, Secret secret, CancellationToken cancellationToken);
}
