using System.Globalization;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising.SigningIn;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising;

/// <summary>Looks at the headers of a request: who it is, and whether the account is theirs.</summary>
internal static class CheckCaller
{
    private const string Bearer = "Bearer ";

    /// <summary>Null when the caller may go on.</summary>
    public static VendorAnswer? Refuse(MicrosoftAdvertisingCall call, CallerProof proof)
    {
        if (proof is CallerProof.None or CallerProof.Own)
        {
            return null;
        }

        var headers = call.Request.Headers;
        var authorization = headers.Authorization.ToString();
        var token = authorization.StartsWith(Bearer, StringComparison.Ordinal) ? authorization[Bearer.Length..] : null;
        var code = IdentityProblem(call, token, headers["DeveloperToken"])
            ?? (proof == CallerProof.Account ? AccountProblem(call, headers["CustomerId"], headers["CustomerAccountId"]) : null)
            ?? (call.Sandbox.TakeCall(call.Account?.CustomerId ?? 0, call.Now) ? null : VendorErrors.CallRate);
        return code is { } problem ? Faults.Whole(call, problem) : null;
    }

    /// <summary>Code of what is wrong with the tokens; otherwise the call knows its user.</summary>
    public static int? IdentityProblem(MicrosoftAdvertisingCall call, string? token, string? developerToken)
    {
        if (string.IsNullOrEmpty(token) || string.IsNullOrEmpty(developerToken))
        {
            return VendorErrors.MissingHeaders;
        }

        if (developerToken != call.Sandbox.Options.DeveloperToken)
        {
            return VendorErrors.InvalidCredentials;
        }

        var (standing, userName) = call.Sandbox.Grants.Check(token, call.Now);
        call.User = userName is null ? null : call.Sandbox.FindUser(userName);
        return standing switch
        {
            TokenStanding.Valid => call.User is null ? VendorErrors.InvalidCredentials : null,
            TokenStanding.Expired => VendorErrors.TokenExpired,
            _ => VendorErrors.InvalidCredentials,
        };
    }

    /// <summary>Code of what is wrong with customer and account; otherwise the call knows its account.</summary>
    public static int? AccountProblem(MicrosoftAdvertisingCall call, string? customerId, string? accountId)
    {
        if (string.IsNullOrEmpty(customerId) || string.IsNullOrEmpty(accountId))
        {
            return VendorErrors.MissingHeaders;
        }

        call.Account = Number(accountId) is { } id ? call.Sandbox.FindAccount(id) : null;
        return call.Account is { } account && Number(customerId) == account.CustomerId && call.User!.AccountIds.Contains(account.AccountId)
            ? null
            : VendorErrors.UserIsNotAuthorized;
    }

    private static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
