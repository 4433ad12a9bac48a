using CustomerInsights.Connections.Verifying;
using CustomerInsights.ServiceDefaults.Errors;
using Microsoft.Extensions.Options;
using Wire = CustomerInsights.Contracts.Connections.V1;

namespace CustomerInsights.Connections.Defining;

/// <summary>Braze: a REST host, an API key, and the operator's label for the workspace that the key belongs to (BRZ-2).</summary>
internal sealed class BrazeConnectionType(BrazeProbe probe, IOptions<ConnectionsOptions> options) : ConnectionType
{
    private const int MaxKeyLength = 256;
    private const int MaxWorkspaceLength = 64;

    public override string Id => "braze";

    public override string Worker => "worker-braze";

    public override string Field => "braze";

    public override bool Fits(Wire.Connection connection) => connection.SettingsCase == Wire.Connection.SettingsOneofCase.Braze;

    public override string ReadHost(Wire.Connection connection, Violations violations)
    {
        var host = Parse(connection.Braze.Host);
        violations.Check(host is not null, "connection.braze.host", BrazeHost.Shape);
        return host?.Value ?? "";
    }

    public override string ReadWorkspace(Wire.Connection connection, Violations violations)
    {
        var workspace = connection.Braze.Workspace.Trim();
        violations.Check(
            workspace.Length <= MaxWorkspaceLength && !workspace.Any(char.IsControl), "connection.braze.workspace",
            $"must be at most {MaxWorkspaceLength} characters without line breaks.");
        return workspace;
    }

    public override Secret ReadSecret(Wire.Connection connection, Violations violations)
    {
        // It becomes part of a header: anything but printable ASCII would be another request.
        var key = connection.Braze.ApiKey.Trim();
        violations.Check(
            key.Length is > 0 and <= MaxKeyLength && key.All(c => c is > ' ' and <= '~'),
            "connection.braze.api_key",
            $"must be the REST API key: 1 to {MaxKeyLength} printable characters without spaces.");
        return new Secret(key);
    }

    // A key of a real workspace must not go in clear to whatever listens where a sandbox may be.
    public override bool MayCarryOver(string fromHost, string toHost) => Parse(fromHost)?.IsSandbox == Parse(toHost)?.IsSandbox;

    public override async Task<ProbeOutcome> ProbeAsync(string host, Secret secret, CancellationToken cancellationToken) =>
        Parse(host) is { } allowed ? await probe.RunAsync(allowed, secret, cancellationToken) : ProbeOutcome.Unreachable;

    public override void WriteSettings(Wire.Connection target, string host, string workspace) =>
        target.Braze = new Wire.BrazeConnection { Host = host, Workspace = workspace };

    public override void WriteCredential(Wire.Credential target, string host, Secret secret) =>
        target.Braze = new Wire.BrazeConnection { Host = host, ApiKey = secret.Value };

    private BrazeHost? Parse(string host) => BrazeHost.Parse(host, options.Value.AllowedSandboxHosts);
}
