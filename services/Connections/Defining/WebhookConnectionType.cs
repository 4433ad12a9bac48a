using CustomerInsights.Connections.Fetching;
using CustomerInsights.Connections.Protecting;
using CustomerInsights.Connections.Verifying;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Outbound;
using Wire = CustomerInsights.Contracts.Connections.V1;

namespace CustomerInsights.Connections.Defining;

/// <summary>A webhook: an address of anybody, and what signs the requests to it.</summary>
internal sealed class WebhookConnectionType(WebhookProbe probe, ProtectSecrets secrets, OutboundRules rules) : SecretConnectionType("webhook", secrets)
{
    private const string Url = "url";
    private const string SigningSecret = "signing_secret";
    private const int MaxUrlLength = 2_000;
    private const int MinSecretLength = 16;
    private const int MaxSecretLength = 256;

    public override IReadOnlyList<string> Changeable { get; } = [Url, SigningSecret];

    protected override string SecretSetting => SigningSecret;

    public override GivenSettings Read(Wire.Connection connection, Func<string, bool> asked, bool isNew, Violations violations) => new()
    {
        Host = asked(Url) ? ReadUrl(connection.Webhook.Url, violations) : null,
        Secret = asked(SigningSecret) ? ReadSecret(connection.Webhook.SigningSecret, violations) : null,
    };

    public override string Explain(string problem) => problem switch
    {
        Problem.CredentialUnknown => "The receiver refuses the signature. Enter the signing secret that it checks, and check that its clock is right.",
        Problem.CredentialForbidden => "The receiver forbids the request. Ask who runs it, and verify the connection again.",
        Problem.HostUnreachable => "The address could not be reached, does not lead to a public host, or did not answer a signed ping with a status of 200 to 299. Check that it is the address of the receiver, path included, and that the receiver is up.",
        _ => base.Explain(problem),
    };

    // Another address is another receiver, which knows nobody yet.
    public override string AccountOf(Connection connection) => connection.Host;

    public override void WriteSettings(Wire.Connection target, Connection? details) => target.Webhook = new Wire.WebhookConnection { Url = details?.Host ?? "" };

    public override void WriteCredential(Wire.Credential target, FetchedCredential fetched) =>
        target.Webhook = new Wire.WebhookConnection { Url = fetched.Connection.Host, SigningSecret = fetched.Secret.Value };

    protected override bool MayCarryOver(string fromHost, string toHost) => Parse(fromHost)?.Scheme == Parse(toHost)?.Scheme;

    protected override async Task<ProbeOutcome> ProbeAsync(string host, Secret secret, CancellationToken cancellationToken) =>
        Parse(host) is { } allowed ? await probe.RunAsync(allowed, secret, cancellationToken) : ProbeOutcome.Unreachable;

    private string ReadUrl(string text, Violations violations)
    {
        var url = Parse(text.Trim());
        violations.Check(
            url is not null,
            $"connection.webhook.{Url}",
            $"must be a public address with https, such as \"https://hooks.example.com/segments\": no user, no fragment, at most {MaxUrlLength} characters.");
        return url?.AbsoluteUri ?? "";
    }

    private static Secret ReadSecret(string secret, Violations violations)
    {
        violations.Check(
            secret.Length is >= MinSecretLength and <= MaxSecretLength && secret.All(c => c is > ' ' and <= '~'),
            $"connection.webhook.{SigningSecret}",
            $"must be {MinSecretLength} to {MaxSecretLength} printable characters without spaces; take random ones.");
        return new Secret(secret);
    }

    private Uri? Parse(string url) =>
        url.Length <= MaxUrlLength && Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Fragment.Length == 0 && rules.Permit(address) && address.AbsoluteUri.Length <= MaxUrlLength
            ? address
            : null;
}
