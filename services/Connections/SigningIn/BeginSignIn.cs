using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Connections.SigningIn;

/// <summary>A sign-in that has just begun.</summary>
/// <param name="Link">What to open in the browser; works once.</param>
internal sealed record BegunSignIn(SignIn SignIn, Uri Link);

/// <summary>Begins a sign-in, and tells whoever began it how far it is (MSA-2).</summary>
internal sealed class BeginSignIn(Database database, SignInAddresses addresses, IOptions<ConnectionsOptions> options, IdGenerator ids, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    public async Task<Result<BegunSignIn>> RunAsync(Caller caller, string parent, SignInService service, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        var environment = ResourceName.Parse("environments/*", parent) is [var id] ? id : "";
        violations.Check(environment.Length > 0, "parent", "must be \"environments/{environment}\".");
        violations.Check(service == SignInService.MicrosoftAdvertising, "service", "must be SIGN_IN_SERVICE_MICROSOFT_ADVERTISING.");
        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        if (!options.Value.MicrosoftAdvertising.IsConfigured)
        {
            return Refusal.Precondition("SIGN_IN_NOT_CONFIGURED", $"The installation has no registration at the service. An operator sets {MicrosoftAdvertisingRegistration.Section}:ClientId and what belongs to it.");
        }

        var link = BrowserSecret.New();
        var expiresAt = time.GetStorableNow() + Lifetime;
        var signIn = new SignIn(new SignInName(environment, ids.Next()), caller.Principal, service, SignInState.Pending, Reason: "", expiresAt);
        await database.WriteAsync(transaction => SignInStore.AddAsync(transaction, signIn, BrowserSecret.HashOf(link)), cancellationToken);
        return new BegunSignIn(signIn, addresses.Link(link));
    }

    public async Task<Result<SignIn>> FindAsync(Caller caller, SignInName name, CancellationToken cancellationToken) =>
        await database.ReadAsync(session => SignInStore.FindAsync(session, name, time.GetUtcNow()), cancellationToken) is { } found && found.Principal == caller.Principal
            ? found
            : Refusal.NotFound(name.ToString());
}
