using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>An issuer whose tokens are believed.</summary>
/// <param name="Validation">What makes a token valid.</param>
/// <param name="Read">The caller that a valid token speaks of; null when it speaks of nobody we know.</param>
internal sealed record TrustedIssuer(TokenValidationParameters Validation, Func<JsonWebToken, Caller?> Read)
{
    private static readonly string[] Asymmetric =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    /// <summary>People and programs, by their OpenID Connect issuer.</summary>
    public static TrustedIssuer OfPeople(AuthenticationOptions options, HttpClient http) =>
        new(Discover(options.Authority!, options.Audience!, http), token => PrincipalClaims.Read(token, options));

    /// <summary>Processes of this system, by the issuer of the platform.</summary>
    public static TrustedIssuer OfServices(ServiceIdentityOptions options, HttpClient http)
    {
        var appIds = options.Subjects.ToDictionary(subject => subject.Value, subject => subject.Key, StringComparer.Ordinal);
        return new(
            Discover(options.Authority!, options.Audience!, http),
            token => appIds.TryGetValue(token.Subject, out var appId) ? Caller.OfService(appId) : null);
    }

    // The manager fetches the keys when they are first needed, renews them, and looks again when an unknown key turns up.
    private static TokenValidationParameters Discover(string authority, string audience, HttpClient http) => new()
    {
        ValidAudience = audience,
        ValidAlgorithms = Asymmetric,
        ConfigurationManager = new ConfigurationManager<OpenIdConnectConfiguration>(
            $"{authority.TrimEnd('/')}/.well-known/openid-configuration",
            new OpenIdConnectConfigurationRetriever(),
            new HttpDocumentRetriever(http) { RequireHttps = true }),
    };
}
