using CustomerInsights.Connections.Granting;
using CustomerInsights.Connections.Protecting;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Connections.SigningIn;

/// <summary>What the outside service sends back with the browser. Anybody may have written it.</summary>
internal sealed record SignInAnswer(string State, string Code, string Error, string ErrorDescription);

/// <summary>How a browser's return ended.</summary>
internal enum SignInReturn
{
    /// <summary>The grant is there.</summary>
    SignedIn,

    /// <summary>The sign-in failed; its reason says why.</summary>
    Failed,

    /// <summary>No sign-in waits for this answer.</summary>
    Unknown,

    /// <summary>A browser other than the one that followed the link.</summary>
    OtherBrowser,
}

/// <summary>The browser comes back: the code is exchanged for a grant, which is kept encrypted.</summary>
internal sealed partial class CompleteSignIn(
    Database database, ProtectSecrets secrets, IdentityPlatform platform, SignInAddresses addresses, SignInTools tools, ILogger<CompleteSignIn> logger)
{
    private const int MaxCode = 4_096;
    private const string TenantLacksService = "AADSTS650052";

    /// <param name="cookieOf">The cookie that the browser has for a sign-in.</param>
    public async Task<SignInReturn> RunAsync(SignInAnswer answer, Func<SignInName, string?> cookieOf, CancellationToken cancellationToken)
    {
        var stateHash = BrowserSecret.HashOf(answer.State);
        var now = tools.Time.GetUtcNow();
        if (answer.State.Length == 0 || await database.ReadAsync(session => SignInStore.FindByStateAsync(session, stateHash, now), cancellationToken) is not { } signIn)
        {
            return SignInReturn.Unknown;
        }

        if (!BrowserSecret.Fits(cookieOf(signIn.Name), signIn.BrowserHash))
        {
            return SignInReturn.OtherBrowser;
        }

        if (!await database.WriteAsync(transaction => SignInStore.TakeStateAsync(transaction, stateHash), cancellationToken))
        {
            return SignInReturn.Unknown;
        }

        return await EndAsync(signIn, answer, cancellationToken);
    }

    private async Task<SignInReturn> EndAsync(SignIn signIn, SignInAnswer answer, CancellationToken cancellationToken)
    {
        var (reason, token) = await ExchangeAsync(signIn, answer, cancellationToken);
        var grantId = reason.Length == 0 ? tools.Ids.Next() : "";
        var closed = reason.Length == 0 ? await secrets.CloseAsync(GrantStore.PlaceOf(grantId), token, cancellationToken) : "";
        var isThere = await database.WriteAsync(
            async transaction =>
            {
                var state = reason.Length == 0 ? SignInState.Completed : SignInState.Failed;
                var ended = await SignInStore.EndAsync(transaction, signIn.Name, state, reason, grantId);
                if (ended && reason.Length == 0)
                {
                    await GrantStore.AddAsync(transaction, grantId, closed);
                }

                return ended;
            },
            cancellationToken);
        Log.Ended(logger, signIn.Name.ToString(), reason.Length == 0 ? "completed" : reason);
        return !isThere ? SignInReturn.Unknown : reason.Length == 0 ? SignInReturn.SignedIn : SignInReturn.Failed;
    }

    private async Task<(string Reason, Defining.Secret Token)> ExchangeAsync(SignIn signIn, SignInAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Error.Length > 0)
        {
            var isUnknownThere = answer.ErrorDescription.Contains(TenantLacksService, StringComparison.Ordinal);
            return (isUnknownThere ? SignInProblem.TenantLacksService : answer.Error == "access_denied" ? SignInProblem.Declined : SignInProblem.Refused, default);
        }

        if (answer.Code.Length is 0 or > MaxCode || await secrets.OpenAsync(signIn.VerifierPlace, signIn.Verifier, cancellationToken) is not { } verifier)
        {
            return (SignInProblem.Refused, default);
        }

        var tokens = await platform.ExchangeAsync(answer.Code, verifier.Secret, addresses.Callback, cancellationToken);
        return tokens.Verdict switch
        {
            TokenVerdict.Granted => tokens.RefreshToken is { } token ? ("", token) : (SignInProblem.Refused, default),
            TokenVerdict.TenantLacksService => (SignInProblem.TenantLacksService, default),
            TokenVerdict.Misconfigured => (SignInProblem.Misconfigured, default),
            TokenVerdict.Unreachable => (SignInProblem.Unreachable, default),
            _ => (SignInProblem.Refused, default),
        };
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{SignIn}: {Outcome}")]
        public static partial void Ended(ILogger logger, string signIn, string outcome);
    }
}

/// <summary>Ids and time.</summary>
internal sealed record SignInTools(IdGenerator Ids, TimeProvider Time);
