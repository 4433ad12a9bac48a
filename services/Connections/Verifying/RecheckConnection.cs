using CustomerInsights.Connections.Defining;

namespace CustomerInsights.Connections.Verifying;

/// <summary>What a recheck found.</summary>
/// <param name="Asked">The connection as it was then.</param>
/// <param name="HasExportUser">The export user is administrator (D-15).</param>
internal sealed record RecheckFinding(Connection Asked, bool HasExportUser, VerifiedCredential Credential)
{
    /// <summary>
    /// Whether the service said anything of the credential. A secret that cannot be decrypted is an operator's matter, and the
    /// same for all connections: whoever needs it is told when it is fetched.
    /// </summary>
    public bool IsTelling => Credential.Problem is not (Problem.HostUnreachable or Problem.SecretUnreadable);

    public bool IsRefused => IsTelling && Credential.Problem != Problem.None;
}

/// <summary>Finds out whether a connection could still be used.</summary>
internal sealed class RecheckConnection(ConnectionTypes types, NameExportUser exportUsers)
{
    public async Task<RecheckFinding> RunAsync(Connection connection, CancellationToken cancellationToken) => new(
        connection,
        await exportUsers.IsAdministratorAsync(connection.Name.Environment, connection.ExportUser, cancellationToken),
        await types.Of(connection.Type).VerifyAsync(connection, cancellationToken));
}
