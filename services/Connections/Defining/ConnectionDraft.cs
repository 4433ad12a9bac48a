using System.Security.Cryptography;
using System.Text;
using CustomerInsights.Connections.Consenting;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;

namespace CustomerInsights.Connections.Defining;

/// <summary>A connection that somebody wants, with its fields checked all at once (CON-6, CON-8, CON-13).</summary>
internal sealed record ConnectionDraft(
    ConnectionName Name, ConnectionType Type, string DisplayName, GivenSettings Settings, ConnectionAccess Access, string StatementVersion, string RequestId)
{
    private const int MinIdLength = 3;
    private const int MaxIdLength = 40;
    private const int MaxDisplayNameLength = 128;
    private const int MaxRequestIdLength = 64;

    /// <summary>
    /// Tells a repeated request from another one that took the same request id. The secret is no part of it: a hash of it
    /// would lie in the table in clear.
    /// </summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join('\n', [Name, Type.Id, DisplayName, Settings.Host, Settings.Workspace, Access, StatementVersion, .. SignIn]))));

    private IEnumerable<object> SignIn => Settings.SignIn is { } signIn ? [signIn] : [];

    public static Result<ConnectionDraft> Parse(CreateConnectionRequest request, ConnectionTypes types)
    {
        var violations = new Violations();
        var environment = ResourceName.Parse("environments/*", request.Parent) is [var id] ? id : "";
        violations.Check(environment.Length > 0, "parent", "must be \"environments/{environment}\".");
        violations.Check(
            ResourceName.IsNewId(request.ConnectionId, MinIdLength, MaxIdLength), "connection_id",
            $"must be {MinIdLength} to {MaxIdLength} characters of a-z, 0-9 and \"-\", starting with a letter.");
        violations.Check(
            request.RequestId.Length <= MaxRequestIdLength && !request.RequestId.Any(char.IsControl), "request_id", $"must be at most {MaxRequestIdLength} characters.");
        if (!violations.Check(request.Connection is not null, "connection", "is required."))
        {
            return violations.ToRefusal();
        }

        var wanted = request.Connection!;
        var displayName = ReadDisplayName(wanted.DisplayName, violations);
        var access = ReadAccess(wanted.Access, violations);
        CheckConsent(wanted.Consent, violations);
        var type = types.Of(wanted);
        violations.Check(type is not null, "connection.settings", $"one of {types.Fields} is required.");
        var settings = type?.Read(wanted, _ => true, isNew: true, violations);
        return violations.None
            ? new ConnectionDraft(
                new ConnectionName(environment, request.ConnectionId), type!, displayName, settings!, access, wanted.Consent.StatementVersion, request.RequestId)
            : violations.ToRefusal();
    }

    public static string ReadDisplayName(string text, Violations violations)
    {
        var name = text.Trim();
        violations.Check(
            name.Length is > 0 and <= MaxDisplayNameLength && !name.Any(char.IsControl), "connection.display_name",
            $"must be 1 to {MaxDisplayNameLength} characters, not only spaces and no line breaks.");
        return name;
    }

    public static ConnectionAccess ReadAccess(ConnectionAccess access, Violations violations)
    {
        violations.Check(Enum.IsDefined(access), "connection.access", "must be CONNECTION_ACCESS_ADMINISTRATORS or CONNECTION_ACCESS_CONTRIBUTORS.");
        return access == ConnectionAccess.Unspecified ? ConnectionAccess.Administrators : access;
    }

    private static void CheckConsent(Consent? consent, Violations violations)
    {
        violations.Check(consent?.Agreed == true, "connection.consent.agreed", "must be true: without agreement to the data privacy statement nothing may leave.");
        violations.Check(
            consent?.StatementVersion == ConsentStatement.CurrentVersion, "connection.consent.statement_version",
            $"must be \"{ConsentStatement.CurrentVersion}\", the version of the statement in force.");
    }
}
