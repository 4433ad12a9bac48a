using System.ComponentModel.DataAnnotations;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>
/// Section "Authentication": whose tokens are believed. Either an OpenID Connect issuer (Authority, Audience and
/// ServiceIdentity) or the development issuer.
/// </summary>
internal sealed class AuthenticationOptions : IValidatableObject
{
    public const string Section = "Authentication";

    /// <value>Address of the OpenID Connect issuer of people and programs, such as https://login.example.com/realms/main.</value>
    public string? Authority { get; set; }

    /// <value>Audience that their tokens must carry.</value>
    public string? Audience { get; set; }

    /// <value>Claim with the groups of the principal. Default: "groups".</value>
    public string GroupsClaim { get; set; } = "groups";

    /// <value>Claim with the platform roles of the principal. Default: "roles".</value>
    public string RolesClaim { get; set; } = "roles";

    /// <value>How processes of this system recognise each other.</value>
    public ServiceIdentityOptions ServiceIdentity { get; set; } = new();

    /// <value>The development issuer. Loopback only.</value>
    public DevelopmentOptions Development { get; set; } = new();

    public bool IsDevelopment => !string.IsNullOrEmpty(Development.SigningKey);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => IsDevelopment ? ValidateDevelopment() : ValidateProduction();

    private IEnumerable<ValidationResult> ValidateDevelopment()
    {
        if (!string.IsNullOrEmpty(Authority))
        {
            yield return new("Set either Authentication:Authority or Authentication:Development:SigningKey, not both.");
        }

        if (Development.TryReadKey() is null)
        {
            yield return new($"Authentication:Development:SigningKey must be at least {DevelopmentOptions.MinKeyBytes} bytes in base64, such as the output of `openssl rand -base64 32`.");
        }
    }

    private IEnumerable<ValidationResult> ValidateProduction()
    {
        if (!IsHttps(Authority))
        {
            yield return new("Authentication:Authority must be the https address of an OpenID Connect issuer. (For development on loopback set Authentication:Development:SigningKey instead.)");
        }

        if (string.IsNullOrEmpty(Audience))
        {
            yield return new("Authentication:Audience must be set.");
        }

        if (!IsHttps(ServiceIdentity.Authority) || string.IsNullOrEmpty(ServiceIdentity.Audience) || string.IsNullOrEmpty(ServiceIdentity.TokenFile))
        {
            yield return new("Authentication:ServiceIdentity needs Authority (https), Audience and TokenFile, so that processes recognise each other.");
        }

        if (ServiceIdentity.Subjects.Count == 0 || ServiceIdentity.Subjects.Values.Distinct(StringComparer.Ordinal).Count() != ServiceIdentity.Subjects.Count)
        {
            yield return new("Authentication:ServiceIdentity:Subjects must name one token subject for each app id, each its own.");
        }
    }

    private static bool IsHttps(string? address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps;
}

/// <summary>Tokens that processes show each other: on Kubernetes projected service-account tokens.</summary>
internal sealed class ServiceIdentityOptions
{
    /// <value>Address of the issuer of these tokens, such as the cluster's.</value>
    public string? Authority { get; set; }

    /// <value>Audience that they must carry.</value>
    public string? Audience { get; set; }

    /// <value>File with this process's own token. The platform replaces it before it expires.</value>
    public string? TokenFile { get; set; }

    /// <value>Token subject of each process by app id: segments = "system:serviceaccount:insights:segments".</value>
    public Dictionary<string, string> Subjects { get; } = [];
}

/// <summary>The development issuer.</summary>
internal sealed class DevelopmentOptions
{
    public const int MinKeyBytes = 32;

    /// <value>HMAC-SHA-256 key in base64, shared by the processes of one system. Setting it switches the issuer on.</value>
    public string? SigningKey { get; set; }

    /// <summary>The key; null when it is no base64 or too short.</summary>
    public byte[]? TryReadKey()
    {
        var buffer = new byte[SigningKey?.Length ?? 0];
        return Convert.TryFromBase64String(SigningKey ?? "", buffer, out var length) && length >= MinKeyBytes ? buffer[..length] : null;
    }
}
