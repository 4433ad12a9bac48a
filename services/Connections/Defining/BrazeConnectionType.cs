using CustomerInsights.Connections.Fetching;
using CustomerInsights.Connections.Protecting;
using CustomerInsights.Connections.Verifying;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using Microsoft.Extensions.Options;
using Wire = CustomerInsights.Contracts.Connections.V1;

namespace CustomerInsights.Connections.Defining;

/// <summary>Braze: a REST host, an API key, and the operator's label for the workspace that the key belongs to (BRZ-2).</summary>
internal sealed class BrazeConnectionType(BrazeProbe probe, ProtectSecrets secrets, IOptions<ConnectionsOptions> options) : ConnectionType("braze")
{
    private const string Host = "host";
    private const string ApiKey = "api_key";
    private const string Workspace = "workspace";
    private const int MaxKeyLength = 256;
    private const int MaxWorkspaceLength = 64;

    public override IReadOnlyList<string> Changeable { get; } = [Host, ApiKey, Workspace];

    public override GivenSettings Read(Wire.Connection connection, Func<string, bool> asked, bool isNew, Violations violations) => new()
    {
        Host = asked(Host) ? ReadHost(connection, violations) : null,
        Workspace = asked(Workspace) ? ReadWorkspace(connection, violations) : null,
        Secret = asked(ApiKey) ? ReadSecret(connection, violations) : null,
    };

    public override async Task<Result<CheckedSettings>> CheckAsync(Caller caller, string environment, Connection? before, GivenSettings given, CancellationToken cancellationToken)
    {
        var host = given.Host ?? before!.Host;
        if (given.Secret is null && !MayCarryOver(before!.Host, host))
        {
            return Refusal.Invalid("connection.braze.api_key", "must be sent again, because a key of the one kind of host is not shown to the other.");
        }

        if ((given.Secret ?? (await secrets.OpenAsync(before!, cancellationToken))?.Secret) is not { } secret)
        {
            return Refusal.Precondition(Problem.SecretUnreadable, Problem.Explain(Problem.SecretUnreadable));
        }

        return (await ProbeAsync(host, secret, cancellationToken)).ToRefusal() is { } refusal
            ? refusal
            : new CheckedSettings { Host = host, Workspace = given.Workspace ?? before?.Workspace ?? "", Secret = secret };
    }

    public override async Task<VerifiedCredential> VerifyAsync(Connection connection, CancellationToken cancellationToken) =>
        new(await secrets.OpenAsync(connection, cancellationToken) is { } opened
            ? (await ProbeAsync(connection.Host, opened.Secret, cancellationToken)).Problem
            : Problem.SecretUnreadable);

    public override async Task<OpenedCredential> OpenAsync(Connection connection, bool renew, CancellationToken cancellationToken)
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

    // Ledgers hang on it, so without a label it stays what it was before there were labels.
    public override string AccountOf(Connection connection) => connection.Workspace.Length == 0 ? connection.Host : $"{connection.Host}\n{connection.Workspace}";

    public override void WriteSettings(Wire.Connection target, Connection? details) =>
        target.Braze = new Wire.BrazeConnection { Host = details?.Host ?? "", Workspace = details?.Workspace ?? "" };

    public override void WriteCredential(Wire.Credential target, FetchedCredential fetched) =>
        target.Braze = new Wire.BrazeConnection { Host = fetched.Connection.Host, ApiKey = fetched.Secret.Value };

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

    // A key of a real workspace must not go in clear to whatever listens where a sandbox may be.
    private bool MayCarryOver(string fromHost, string toHost) => Parse(fromHost)?.IsSandbox == Parse(toHost)?.IsSandbox;

    private async Task<ProbeOutcome> ProbeAsync(string host, Secret secret, CancellationToken cancellationToken) =>
        Parse(host) is { } allowed ? await probe.RunAsync(allowed, secret, cancellationToken) : ProbeOutcome.Unreachable;

    private BrazeHost? Parse(string host) => BrazeHost.Parse(host, options.Value.AllowedSandboxHosts);
}
