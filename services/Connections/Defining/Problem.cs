namespace CustomerInsights.Connections.Defining;

/// <summary>Why a connection needs attention: machine-readable, and in words with the remedy.</summary>
internal static class Problem
{
    public const string None = "";
    public const string CredentialUnknown = "CREDENTIAL_UNKNOWN";
    public const string CredentialForbidden = "CREDENTIAL_FORBIDDEN";
    public const string HostUnreachable = "HOST_UNREACHABLE";
    public const string SecretUnreadable = "SECRET_UNREADABLE";
    public const string GrantRevoked = "GRANT_REVOKED";
    public const string ExportUserInvalid = "EXPORT_USER_INVALID";
    public const string NeedsAttention = "CONNECTION_NEEDS_ATTENTION";

    /// <summary>The remedy for whatever is wrong with what a person granted.</summary>
    public const string SignInAgain = "Sign in again (BeginSignIn), and name the new sign-in in the connection (UpdateConnection, microsoft_advertising.sign_in).";

    /// <summary>What a worker may report; everything else is for this service to find out.</summary>
    public static IReadOnlyList<string> Reportable { get; } = [CredentialUnknown, CredentialForbidden];

    public static string Explain(string problem) => problem switch
    {
        None => "",
        CredentialUnknown => "The service does not know the key. Check the host (a key works on its own instance only) and enter the key anew.",
        CredentialForbidden => "The service knows the key, but it lacks a permission that is needed. Make a key with the permissions users.track and users.export.segment, and enter it.",
        HostUnreachable => "The host could not be reached, or did not answer as the service does. Check the host, and try again later.",
        SecretUnreadable => "The stored key can no longer be decrypted. Enter it anew; if this happens to many connections, check the certificate of Connections:KeyProtection.",
        GrantRevoked => $"The grant of the person who signed in does not hold any more. {SignInAgain}",
        ExportUserInvalid => "The export user is no longer administrator of the environment. Any administrator may add themselves as export user instead.",
        _ => throw new ArgumentOutOfRangeException(nameof(problem), "is none of the known problems."),
    };
}
