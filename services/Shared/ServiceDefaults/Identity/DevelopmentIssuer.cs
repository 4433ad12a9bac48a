using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>
/// Signs tokens with a key that every process of the system has: for development on one machine only, because whoever
/// has the key can be anybody.
/// </summary>
internal sealed class DevelopmentIssuer(byte[] key, TimeProvider time)
{
    public const string Issuer = "customerinsights-development";
    public const string Audience = "customerinsights";
    public const string PlatformAdministratorRole = "platform-administrator";

    private const string PrincipalClaim = "principal";
    private const string GroupsClaim = "groups";
    private const string RolesClaim = "roles";

    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };

    private readonly SymmetricSecurityKey _key = new(key);

    /// <summary>A token for this caller.</summary>
    public string Sign(Caller caller, TimeSpan lifetime)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return Handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Audience,
            IssuedAt = now,
            NotBefore = now,
            Expires = now + lifetime,
            SigningCredentials = new SigningCredentials(_key, SecurityAlgorithms.HmacSha256),
            Claims = new Dictionary<string, object>
            {
                [JwtRegisteredClaimNames.Sub] = caller.Principal[(caller.Principal.IndexOf(':', StringComparison.Ordinal) + 1)..],
                [PrincipalClaim] = caller.Principal,
                [GroupsClaim] = caller.Groups,
                [RolesClaim] = caller.IsPlatformAdministrator ? new[] { PlatformAdministratorRole } : [],
            },
        });
    }

    /// <summary>How its tokens are checked and read.</summary>
    public TrustedIssuer Trust() => new(
        new TokenValidationParameters { ValidIssuer = Issuer, ValidAudience = Audience, IssuerSigningKey = _key, ValidAlgorithms = [SecurityAlgorithms.HmacSha256] },
        token => new Caller(token.GetPayloadValue<string>(PrincipalClaim), token.GetPayloadValue<string[]>(GroupsClaim))
        {
            IsPlatformAdministrator = token.GetPayloadValue<string[]>(RolesClaim).Contains(PlatformAdministratorRole),
        });
}
