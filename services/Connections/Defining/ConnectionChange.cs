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

    public GivenSettings Settings { get; private init; } = new();

    /// <summary>Settings that the update names, as paths of the mask.</summary>
    public IReadOnlyList<string> Paths { get; private init; } = [];

    /// <summary>Type whose settings the update carries; null when it touches none.</summary>
    public ConnectionType? Type { get; private init; }

    /// <summary>Whether the destination has to be asked again.</summary>
    public bool TouchesCredential => Settings.TouchCredential;

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
            violations.Check(
                type?.Changeable.Any(setting => path == $"{type.Field}.{setting}") == true,
                "update_mask",
                $"\"{path}\" cannot be changed; fields are display_name, access, and with settings of the type {string.Join(", ", types.ChangeablePaths)}.");
        }

        var change = new ConnectionChange(name, given.Etag)
        {
            DisplayName = paths.Contains(DisplayNamePath) ? ConnectionDraft.ReadDisplayName(given.DisplayName, violations) : null,
            Access = paths.Contains(AccessPath) ? ConnectionDraft.ReadAccess(given.Access, violations) : null,
            Settings = type?.Read(given, setting => settings.Contains($"{type.Field}.{setting}"), isNew: false, violations) ?? new GivenSettings(),
            Paths = settings,
            Type = settings.Count > 0 ? type : null,
        };
        return violations.None ? change : violations.ToRefusal();
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

        foreach (var path in Paths.Where(path => !(path.EndsWith(".host", StringComparison.Ordinal) && Settings.Host == connection.Host)
            && !(path.EndsWith(".workspace", StringComparison.Ordinal) && Settings.Workspace == connection.Workspace)))
        {
            yield return path;
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
