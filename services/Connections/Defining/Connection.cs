using CustomerInsights.Contracts.Connections.V1;

namespace CustomerInsights.Connections.Defining;

/// <summary>A connection as it is kept, its secret encrypted.</summary>
/// <param name="Secret">Encrypted; see <see cref="Protecting.ProtectSecrets"/>.</param>
/// <param name="CredentialVersion">Grows whenever host or secret are replaced.</param>
/// <param name="CredentialProblem">Why the destination does not accept the credential; <see cref="Problem.None"/> while it does.</param>
/// <param name="ExportUserProblem">Why the export user does not count any more; <see cref="Problem.None"/> while it does.</param>
internal sealed record Connection(
    ConnectionName Name,
    string Type,
    string DisplayName,
    string Host,
    ConnectionAccess Access,
    string Secret,
    long CredentialVersion,
    string CredentialProblem,
    ExportUser ExportUser,
    string ExportUserProblem,
    Agreement Agreement,
    DateTimeOffset CreatedAt,
    string CreatedBy,
    string Etag)
{
    /// <summary>Label that tells accounts behind one host apart; empty for none.</summary>
    public string Workspace { get; init; } = "";

    /// <summary>Further settings, which only the type can read; empty for none.</summary>
    public string Document { get; init; } = "";

    /// <summary>The grant that is the credential instead of a secret; empty for none.</summary>
    public string GrantId { get; init; } = "";

    public bool IsActive => CredentialProblem == Problem.None && ExportUserProblem == Problem.None;
}

/// <summary>Under whose name unattended runs read data (D-15).</summary>
/// <param name="Groups">Groups of the principal when it was administrator through one of them; else empty.</param>
internal sealed record ExportUser(string Principal, IReadOnlyList<string> Groups, DateTimeOffset Since)
{
    /// <summary>Whether nobody has been made export user since, not even the same person again.</summary>
    public bool IsSameAs(ExportUser other) => (Principal, Since) == (other.Principal, other.Since);
}

/// <summary>Who agreed to which text, and when (CON-13).</summary>
internal sealed record Agreement(string StatementVersion, string AgreedBy, DateTimeOffset AgreedAt);

/// <summary>A secret in clear, on its way between the caller, the vault and the outside service. Never printed.</summary>
internal readonly record struct Secret(string Value)
{
    public override string ToString() => "(secret)";
}
