using CustomerInsights.Connections.Defining;
using CustomerInsights.Connections.Protecting;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.SigningIn;

/// <summary>Where a browser goes on, and what it keeps to be known by when it comes back.</summary>
internal sealed record SignInVisit(SignInName Name, Uri Next, string Cookie);

/// <summary>A browser follows the link of a sign-in: from now on the sign-in is that browser's.</summary>
internal sealed class FollowLink(Database database, ProtectSecrets secrets, SignInAddresses addresses, TimeProvider time)
{
    /// <summary>Null when the link has expired or was followed before.</summary>
    public async Task<SignInVisit?> RunAsync(string link, CancellationToken cancellationToken)
    {
        var linkHash = BrowserSecret.HashOf(link);
        if (await database.ReadAsync(session => SignInStore.FindByLinkAsync(session, linkHash, time.GetUtcNow()), cancellationToken) is not { } signIn)
        {
            return null;
        }

        var (state, verifier, cookie) = (BrowserSecret.New(), BrowserSecret.New(), BrowserSecret.New());
        var closed = await secrets.CloseAsync(signIn.VerifierPlace, new Secret(verifier), cancellationToken);
        var isFirst = await database.WriteAsync(
            transaction => SignInStore.FollowLinkAsync(transaction, linkHash, BrowserSecret.HashOf(state), BrowserSecret.HashOf(cookie), closed), cancellationToken);
        return isFirst ? new SignInVisit(signIn.Name, addresses.Authorize(state, BrowserSecret.HashOf(verifier)), cookie) : null;
    }
}
