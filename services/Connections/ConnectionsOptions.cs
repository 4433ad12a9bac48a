using System.ComponentModel.DataAnnotations;
using CustomerInsights.ServiceDefaults.Outbound;

namespace CustomerInsights.Connections;

/// <summary>Section "Connections".</summary>
internal sealed class ConnectionsOptions : IValidatableObject
{
    public const string Section = "Connections";

    /// <value>
    /// Hosts with port, such as "127.0.0.1:5090", that are a stand-in of a vendor and are reached by plain HTTP. Default: none.
    /// </value>
    public string[] AllowedSandboxHosts { get; set; } = [];

    /// <value>How long an outside service may take to verify a credential, all in all. Default: 10 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00", ErrorMessage = "Connections:VerifyTimeout must be a time from 00:00:00.100 to 00:01:00.")]
    public TimeSpan VerifyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <value>How often a connection is verified without anybody asking: well within the life of a grant that nobody uses. Default: a day.</value>
    [Range(typeof(TimeSpan), "01:00:00", "30.00:00:00", ErrorMessage = "Connections:RecheckInterval must be from 1 hour to 30 days, such as 1.00:00:00.")]
    public TimeSpan RecheckInterval { get; set; } = TimeSpan.FromDays(1);

    /// <value>How long a key encrypts new secrets; older keys go on decrypting. Default: 90 days.</value>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00", ErrorMessage = "Connections:KeyLifetime must be from 1 to 3650 days, such as 90.00:00:00.")]
    public TimeSpan KeyLifetime { get; set; } = TimeSpan.FromDays(90);

    /// <value>What encrypts the keys themselves.</value>
    public KeyProtectionOptions KeyProtection { get; set; } = new();

    /// <value>
    /// Address of the HTTP port as browsers of the people who sign in see it, such as "https://insights.example.com/". Default:
    /// this machine's own address.
    /// </value>
    public string? PublicAddress { get; set; }

    /// <value>Sign-in at Microsoft Advertising.</value>
    public MicrosoftAdvertisingRegistration MicrosoftAdvertising { get; set; } = new();

    public OutboundRules OutboundRules => new(AllowedSandboxHosts, VerifyTimeout);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var problem in OutboundRules.CheckSandboxHosts(Section, AllowedSandboxHosts))
        {
            yield return problem;
        }

        if (PublicAddress is { } text && !(Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme.StartsWith(Uri.UriSchemeHttp, StringComparison.Ordinal) && text.EndsWith('/')))
        {
            yield return new ValidationResult($"{Section}:{nameof(PublicAddress)} must be an address such as https://insights.example.com/, ending with \"/\".");
        }

        foreach (var complaint in MicrosoftAdvertising.Check(OutboundRules))
        {
            yield return complaint;
        }
    }
}

/// <summary>The certificate that encrypts the keys at rest. Required unless the development issuer is switched on.</summary>
internal sealed class KeyProtectionOptions
{
    public const string Section = "Connections:KeyProtection";

    /// <value>File with an RSA certificate: PKCS #12 with its private key, or PEM. Default: none.</value>
    public string? CertificatePath { get; set; }

    /// <value>File with the private key in PEM, when the certificate is PEM and does not hold it.</value>
    public string? KeyPath { get; set; }

    /// <value>File with the password of the PKCS #12 file.</value>
    public string? PasswordFile { get; set; }

    /// <value>Certificates used before, which still decrypt keys until the last of them is replaced.</value>
    public PreviousCertificate[] Previous { get; set; } = [];
}

/// <summary>A certificate that no longer encrypts.</summary>
internal sealed class PreviousCertificate
{
    public string? CertificatePath { get; set; }

    public string? KeyPath { get; set; }

    public string? PasswordFile { get; set; }
}
