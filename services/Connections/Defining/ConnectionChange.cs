using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Errors;
using Wire = CustomerInsights.Contracts.Connections.V1;

namespace CustomerInsights.Connections.Defining;

/// <summary>What an update wants to change; null where it leaves things as they are (CON-16).</summary>
internal sealed record ConnectionChange(ConnectionName Name, string Etag)
{
    private const string DisplayNamePath = "display_name";
    private const string AccessPath = "access";

    public string? DisplayName { get; private init; }

    public ConnectionAccess? Access { get; private init; }

    public string? Host { get; private init; }

    public string? Workspace { get; private init; }

    public Secret? Secret { get; private init; }

    /// <summary>Type whose settings the update carries; null when it touches none.</summary>
    public ConnectionType? Type { get; private init; }

    /// <summary>Whether the destination has to be asked again.</summary>
    public bool TouchesCredential => Host is not null || Secret is not null;

    public static Result<ConnectionChange> Parse(UpdateConnectionRequest request, ConnectionTypes types)
    {
        var given = request.Connection ?? new Wire.Connection();
        var violations = new Violations();
        var name = ReadName(given.Name, violations);
        var paths = (request.UpdateMask?.Paths ?? []).Distinct().ToList();
        violations.Check(paths.Count > 0, "update_mask", "is required: name the fields to change.");
        var type = types.Of(given);
        var settings = paths.Where(path => path is not (DisplayNamePath or AccessPath)).ToList();
        foreach (var path in settings)
        {
            var known = type is not null && (path == $"{type.Field}.host" || path == $"{type.Field}.api_key" || path == $"{type.Field}.workspace");
            violations.Check(known, "update_mask", $"\"{path}\" cannot be changed; fields are display_name, access, braze.host, braze.api_key and braze.workspace, the last three with settings of that type.");
        }

        var change = new ConnectionChange(name, given.Etag)
        {
            DisplayName = paths.Contains(DisplayNamePath) ? ConnectionDraft.ReadDisplayName(given.DisplayName, violations) : null,
            Access = paths.Contains(AccessPath) ? ConnectionDraft.ReadAccess(given.Access, violations) : null,
            Host = Names("host") ? type!.ReadHost(given, violations) : null,
            Workspace = Names("workspace") ? type!.ReadWorkspace(given, violations) : null,
            Secret = Names("api_key") ? type!.ReadSecret(given, violations) : null,
            Type = settings.Count > 0 ? type : null,
        };
        return violations.None ? change : violations.ToRefusal();

        bool Names(string setting) => type is not null && settings.Contains($"{type.Field}.{setting}");
    }

    /// <summary>Names of what differs from the connection, for the audit trail.</summary>
    public IEnumerable<string> DifferencesTo(Connection connection)
    {
        if (DisplayName is { } displayName && displayName != connection.DisplayName)
        {
            yield return DisplayNamePath;
        }

        if (Access is { } access && access != connection.Access)
        {
            yield return AccessPath;
        }

        if (Host is { } host && host != connection.Host)
        {
            yield return $"{connection.Type}.host";
        }

        if (Workspace is { } workspace && workspace != connection.Workspace)
        {
            yield return $"{connection.Type}.workspace";
        }

        if (Secret is not null)
        {
            yield return $"{connection.Type}.api_key";
        }
    }

    private static ConnectionName ReadName(string text, Violations violations)
    {
        var name = ConnectionName.Parse(text, "connection.name");
        foreach (var violation in name.Refusal?.Violations ?? [])
        {
            violations.Add(violation.Field, violation.Description);
        }

        return name.Refusal is null ? name.Value : new ConnectionName("", "");
    }
}
