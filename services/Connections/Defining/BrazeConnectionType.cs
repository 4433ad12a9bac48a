using CustomerInsights.Connections.Fetching;
using CustomerInsights.Connections.Protecting;
using CustomerInsights.Connections.Verifying;
using CustomerInsights.ServiceDefaults.Errors;
using Microsoft.Extensions.Options;
using Wire = CustomerInsights.Contracts.Connections.V1;

namespace CustomerInsights.Connections.Defining;

/// <summary>Braze: a REST host, an API key, and the operator's label for the workspace that the key belongs to (BRZ-2).</summary>
internal sealed class BrazeConnectionType(BrazeProbe probe, ProtectSecrets secrets, IOptions<ConnectionsOptions> options) : SecretConnectionType("braze", secrets)
{
    private const string Host = "host";
    private const string ApiKey = "api_key";
    private const string Workspace = "workspace";
    private const int MaxKeyLength = 256;
    private const int MaxWorkspaceLength = 64;

    public override IReadOnlyList<string> Changeable { get; } = [Host, ApiKey, Workspace];

    protected override string SecretSetting => ApiKey;

    public override GivenSettings Read(Wire.Connection connection, Func<string, bool> asked, bool isNew, Violations violations) => new()
    {
        Host = asked(Host) ? ReadHost(connection, violations) : null,
        Workspace = asked(Workspace) ? ReadWorkspace(connection, violations) : null,
        Secret = asked(ApiKey) ? ReadSecret(connection, violations) : null,
    };

    // Ledgers hang on it, so without a label it stays what it was before there were labels.
    public override string AccountOf(Connection connection) => connection.Workspace.Length == 0 ? connection.Host : $"{connection.Host}\n{connection.Workspace}";

    public override void WriteSettings(Wire.Connection target, Connection? details) =>
        target.Braze = new Wire.BrazeConnection { Host = details?.Host ?? "", Workspace = details?.Workspace ?? "" };

    public override void WriteCredential(Wire.Credential target, FetchedCredential fetched) =>
        target.Braze = new Wire.BrazeConnection { Host = fetched.Connection.Host, ApiKey = fetched.Secret.Value };

    // A key of a real workspace must not go in clear to whatever listens where a sandbox may be.
    protected override bool MayCarryOver(string fromHost, string toHost) => Parse(fromHost)?.IsSandbox == Parse(toHost)?.IsSandbox;

    protected override async Task<ProbeOutcome> ProbeAsync(string host, Secret secret, CancellationToken cancellationToken) =>
        Parse(host) is { } allowed ? await probe.RunAsync(allowed, secret, cancellationToken) : ProbeOutcome.Unreachable;

    private string ReadHost(Wire.Connection connection, Violations violations)
    {
        var host = Parse(connection.Braze.Host);
        violations.Check(host is not null, "connection.braze.host", BrazeHost.Shape);
        return host?.Value ?? "";
    }

    private static string ReadWorkspace(Wire.Connection connection, Violations violations)
    {
        var workspace = connection.Braze.Workspace.Trim();
        violations.Check(
            workspace.Length <= MaxWorkspaceLength && !workspace.Any(char.IsControl), "connection.braze.workspace",
            $"must be at most {MaxWorkspaceLength} characters without line breaks.");
        return workspace;
    }

    private static Secret ReadSecret(Wire.Connection connection, Violations violations)
    {
        // It becomes part of a header: anything but printable ASCII would be another request.
        var key = connection.Braze.ApiKey.Trim();
        violations.Check(
            key.Length is > 0 and <= MaxKeyLength && key.All(c => c is > ' ' and <= '~'),
            "connection.braze.api_key",
            $"must be the REST API key: 1 to {MaxKeyLength} printable characters without spaces.");
        return new Secret(key);
    }

    private BrazeHost? Parse(string host) => BrazeHost.Parse(host, options.Value.AllowedSandboxHosts);
}
