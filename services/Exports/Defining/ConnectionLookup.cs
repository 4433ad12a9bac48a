using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.Exports.Defining;

/// <summary>What exports may know about a connection.</summary>
/// <param name="Shared">Contributors may use it, too (CON-8).</param>
/// <param name="Active">The destination accepts its credential, as far as is known.</param>
/// <param name="DestinationAccount">Identifies the account at the destination (EXP-22).</param>
internal sealed record ConnectionFacts(string Type, bool Shared, bool Active, string DestinationAccount)
{
    /// <summary>Principal under whose name runs read data (D-15).</summary>
    public string ExportUser { get; init; } = "";

    /// <summary>Ids of the ad accounts that it is known to reach; empty when nothing is known.</summary>
    public IReadOnlyList<string> AdAccounts { get; init; } = [];
}

/// <summary>Asks Connections.</summary>
internal sealed class ConnectionLookup(CredentialService.CredentialServiceClient connections)
{
    /// <summary>Null when the text is not the name of a connection that exists in the environment.</summary>
    public async Task<ConnectionFacts?> FindInAsync(string environment, string name, CancellationToken cancellationToken) =>
        ResourceName.Parse("environments/*/connections/*", name) is [var of, _] && of == environment ? await FindAsync(name, cancellationToken) : null;

    /// <summary>Null when there is no such connection.</summary>
    public async Task<ConnectionFacts?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var summary = await PeerQuestion.FindAsync(
            connections.DescribeConnectionAsync(new DescribeConnectionRequest { Name = name }, cancellationToken: cancellationToken));
        return summary is null ? null : new ConnectionFacts(
            summary.Type,
            summary.Access == ConnectionAccess.Contributors,
            summary.State == ConnectionState.Active,
            summary.DestinationAccount)
        {
            ExportUser = summary.ExportUser,
            AdAccounts = [.. summary.MicrosoftAdvertisingAccounts.Select(account => account.AccountId)],
        };
    }
}
