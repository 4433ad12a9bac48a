using System.Text.Json;
using CustomerInsights.Connections.Fetching;
using CustomerInsights.Connections.Granting;
using CustomerInsights.Connections.SigningIn;
using CustomerInsights.Connections.Verifying;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Storage;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;
using Wire = CustomerInsights.Contracts.Connections.V1;

namespace CustomerInsights.Connections.Defining;

/// <summary>Microsoft Advertising: the credential is what a person granted by signing in (MSA-1..3, D-13).</summary>
internal sealed class MicrosoftAdvertisingConnectionType(
    Database database, AccessTokens tokens, MicrosoftAdvertisingProbe probe, IOptions<ConnectionsOptions> options, TimeProvider time) : ConnectionType("microsoft-advertising")
{
    private const string SignIn = "sign_in";
    private const string SignInField = "connection.microsoft_advertising.sign_in";

    public override IReadOnlyList<string> Changeable { get; } = [SignIn];

    public override GivenSettings Read(Wire.Connection connection, Func<string, bool> asked, bool isNew, Violations violations)
    {
        var given = connection.MicrosoftAdvertising;
        violations.Check(
            !isNew || given.CustomerMatchTermsAccepted, "connection.microsoft_advertising.customer_match_terms_accepted",
            "must be true: accept the Customer Match terms in the web interface of Microsoft Advertising first. They are never accepted on anybody's behalf.");
        if (!asked(SignIn))
        {
            return new GivenSettings();
        }

        var name = SignInName.Parse(given.SignIn, SignInField);
        violations.Check(name.Refusal is null, SignInField, "must be the name of a completed sign-in: \"environments/{environment}/signIns/{sign_in}\". BeginSignIn makes one, and tells where to sign in.");
        return new GivenSettings { SignIn = name.Refusal is null ? name.Value : null, TermsAccepted = isNew };
    }

    public override async Task<Result<CheckedSettings>> CheckAsync(Caller caller, string environment, Connection? before, GivenSettings given, CancellationToken cancellationToken)
    {
        var now = time.GetStorableNow();
        if (given.SignIn is not { } name
            || name.Environment != environment
            || await database.ReadAsync(session => SignInStore.FindAsync(session, name, now), cancellationToken) is not { } signIn
            || signIn.Principal != caller.Principal)
        {
            return Refusal.Invalid(SignInField, "is no sign-in of yours: it may have expired, or be used up. Begin another one with BeginSignIn.");
        }

        if (signIn.State != Wire.SignInState.Completed)
        {
            return Refusal.Invalid(SignInField, signIn.State == Wire.SignInState.Pending
                ? "is still waiting for you: open its sign_in_uri in a browser and sign in. GetSignIn tells when it is completed."
                : $"has failed. {SignInProblem.Explain(signIn.Reason)}");
        }

        var found = await AskAsync(signIn.GrantId, renew: false, cancellationToken);
        if (found.Problem != Problem.None)
        {
            return Refusal.Precondition(found.Problem, Explain(found.Problem));
        }

        var stored = before is null ? new Settings(caller.Principal, now.ToMicroseconds(), []) : Parse(before);
        return new CheckedSettings { Document = JsonSerializer.Serialize(stored with { Accounts = found.Accounts }), SignIn = signIn };
    }

    public override async Task<VerifiedCredential> VerifyAsync(Connection connection, CancellationToken cancellationToken)
    {
        var found = await AskAsync(connection.GrantId, renew: true, cancellationToken);
        return new VerifiedCredential(found.Problem)
        {
            Document = found.Problem == Problem.None ? JsonSerializer.Serialize(Parse(connection) with { Accounts = found.Accounts }) : null,
        };
    }

    public override async Task<OpenedCredential> OpenAsync(Connection connection, bool renew, CancellationToken cancellationToken)
    {
        // What is known to be refused is not asked for again: a person has to do something first.
        if (connection.CredentialProblem != Problem.None)
        {
            return OpenedCredential.Failed(connection.CredentialProblem);
        }

        var token = await tokens.ObtainAsync(connection.GrantId, renew, cancellationToken);
        return token.Problem switch
        {
            Problem.None => new OpenedCredential(token.Secret) { ExpiresAt = token.ExpiresAt },
            Problem.HostUnreachable => OpenedCredential.Away(new Refusal(RefusalKind.Unavailable, "The identity platform gives no token at present. Try again later.") { Reason = "TOKEN_UNAVAILABLE" }),
            _ => OpenedCredential.Failed(token.Problem),
        };
    }

    public override string Explain(string problem) => problem switch
    {
        Problem.CredentialUnknown => $"Microsoft Advertising does not accept the token. {Problem.SignInAgain} If that does not help, an operator checks the developer token.",
        Problem.CredentialForbidden => $"The person who signed in lacks access to the ad account, or to any, or is known there by another identity. Have access given in Microsoft Advertising and verify the connection; or have somebody sign in who has it. {Problem.SignInAgain}",
        Problem.HostUnreachable => "Microsoft Advertising or the Microsoft identity platform could not be reached, or did not answer as it does. Try again later; if it goes on, an operator checks Connections:MicrosoftAdvertising.",
        Problem.SecretUnreadable => $"The stored grant can no longer be decrypted. {Problem.SignInAgain} If this happens to many connections, an operator checks the certificate of Connections:KeyProtection.",
        _ => base.Explain(problem),
    };

    // The ad account is in the export (D-12): what differs here is the installation that is talked to.
    public override string AccountOf(Connection connection) => options.Value.MicrosoftAdvertising.CampaignAddress;

    public override void WriteSettings(Wire.Connection target, Connection? details)
    {
        target.MicrosoftAdvertising = new Wire.MicrosoftAdvertisingConnection();
        if (details is null)
        {
            return;
        }

        var stored = Parse(details);
        target.MicrosoftAdvertising.CustomerMatchTermsAccepted = true;
        target.MicrosoftAdvertising.TermsAcceptedBy = stored.TermsAcceptedBy;
        target.MicrosoftAdvertising.TermsAcceptTime = Timestamp.FromDateTimeOffset(Timestamps.FromMicroseconds(stored.TermsAcceptedAt));
        target.MicrosoftAdvertising.Accounts.Add(stored.Accounts.Select(Write));
    }

    public override void WriteReach(Wire.ConnectionSummary target, Connection connection) => target.MicrosoftAdvertisingAccounts.Add(Parse(connection).Accounts.Select(Write));

    public override void WriteCredential(Wire.Credential target, FetchedCredential fetched) => target.MicrosoftAdvertising = new Wire.MicrosoftAdvertisingCredential
    {
        AccessToken = fetched.Secret.Value,
        ExpireTime = Timestamp.FromDateTimeOffset(fetched.ExpiresAt!.Value),
        DeveloperToken = options.Value.MicrosoftAdvertising.ReadDeveloperToken().Value,
    };

    private async Task<FoundAccounts> AskAsync(string grantId, bool renew, CancellationToken cancellationToken)
    {
        var token = await tokens.ObtainAsync(grantId, renew, cancellationToken);
        return token.Problem == Problem.None ? await probe.RunAsync(token.Secret, cancellationToken) : FoundAccounts.Failed(token.Problem);
    }

    private static Wire.MicrosoftAdvertisingAccount Write(FoundAccount account) =>
        new() { CustomerId = account.CustomerId, AccountId = account.AccountId, Name = account.Name, Status = account.Status };

    private static Settings Parse(Connection connection) => JsonSerializer.Deserialize<Settings>(connection.Document) ?? throw new InvalidOperationException("A stored connection has no settings.");

    /// <summary>The document of such a connection.</summary>
    private sealed record Settings(string TermsAcceptedBy, long TermsAcceptedAt, IReadOnlyList<FoundAccount> Accounts);
}
