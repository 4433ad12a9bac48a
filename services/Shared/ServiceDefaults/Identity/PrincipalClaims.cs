using CustomerInsights.ServiceDefaults.Resources;
using Microsoft.IdentityModel.JsonWebTokens;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>Reads who a token of an OpenID Connect issuer speaks of.</summary>
internal static class PrincipalClaims
{
    /// <summary>
    /// A user, or an application when the token was obtained with client credentials. Null without a subject that can be a
    /// principal; a group that cannot is left out, since no role can be assigned to it.
    /// </summary>
    public static Caller? Read(JsonWebToken token, AuthenticationOptions options)
    {
        var principal = $"{(IsApplication(token) ? "application" : "user")}:{token.Subject}";
        if (!PrincipalName.IsValid(principal))
        {
            return null;
        }

        var groups = Values(token, options.GroupsClaim).Select(group => $"group:{group}").Where(group => PrincipalName.IsValid(group));
        return new Caller(principal, [.. groups])
        {
            IsPlatformAdministrator = Values(token, options.RolesClaim).Contains(DevelopmentIssuer.PlatformAdministratorRole),
        };
    }

    // RFC 9068: without a person the subject is the client. Some issuers say it in a claim of their own.
    private static bool IsApplication(JsonWebToken token) =>
        Values(token, "client_id").Concat(Values(token, "azp")).Contains(token.Subject)
        || Values(token, "idtyp").Contains("app")
        || Values(token, "gty").Contains("client-credentials");

    // One value or many: a claim of an array reads as several claims of its name.
    private static IEnumerable<string> Values(JsonWebToken token, string claim) => token.Claims.Where(c => c.Type == claim).Select(c => c.Value);
}
