using System.ComponentModel.DataAnnotations;
using CustomerInsights.Connections.Defining;
using CustomerInsights.ServiceDefaults.Outbound;

namespace CustomerInsights.Connections;

/// <summary>
/// Section "Connections:MicrosoftAdvertising": the installation's registration at the Microsoft identity platform, a web
/// application with a secret, and at Microsoft Advertising. Without ClientId nobody can sign in there.
/// </summary>
internal sealed class MicrosoftAdvertisingRegistration
{
    public const string Section = $"{ConnectionsOptions.Section}:MicrosoftAdvertising";

    /// <value>Application (client) id of the registration. Default: none.</value>
    public string ClientId { get; set; } = "";

    /// <value>Its secret; rather than here, in ClientSecretFile.</value>
    public string ClientSecret { get; set; } = "";

    /// <value>File with the secret; read at each use, so that it may be replaced.</value>
    public string? ClientSecretFile { get; set; }

    /// <value>Developer token of the installation; rather than here, in DeveloperTokenFile.</value>
    public string DeveloperToken { get; set; } = "";

    /// <value>File with the developer token; read at each use.</value>
    public string? DeveloperTokenFile { get; set; }

    /// <value>Where people sign in. Default: the platform's own, for work and personal accounts.</value>
    public string AuthorizeAddress { get; set; } = "https://login.microsoftonline.com/common/oauth2/v2.0/authorize";

    /// <value>Where tokens are issued.</value>
    public string TokenAddress { get; set; } = "https://login.microsoftonline.com/common/oauth2/v2.0/token";

    /// <value>Customer Management, ending with "/".</value>
    public string CustomerAddress { get; set; } = "https://clientcenter.api.bingads.microsoft.com/CustomerManagement/v13/";

    /// <value>Campaign Management, ending with "/": another address is another destination account, with another ledger.</value>
    public string CampaignAddress { get; set; } = "https://campaign.api.bingads.microsoft.com/CampaignManagement/v13/";

    /// <value>What the person is asked for.</value>
    public string Scope { get; set; } = "https://ads.microsoft.com/msads.manage offline_access";

    public bool IsConfigured => ClientId.Length > 0;

    public Secret ReadClientSecret() => new(ClientSecretFile is null ? ClientSecret : File.ReadAllText(ClientSecretFile).Trim());

    public Secret ReadDeveloperToken() => new(DeveloperTokenFile is null ? DeveloperToken : File.ReadAllText(DeveloperTokenFile).Trim());

    /// <summary>What is wrong with the section, in words.</summary>
    public IEnumerable<ValidationResult> Check(OutboundRules rules)
    {
        foreach (var (name, address) in new[]
        {
            (nameof(AuthorizeAddress), AuthorizeAddress), (nameof(TokenAddress), TokenAddress), (nameof(CustomerAddress), CustomerAddress), (nameof(CampaignAddress), CampaignAddress),
        })
        {
            if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || !rules.Permit(uri))
            {
                yield return new ValidationResult($"{Section}:{name} must be an https address, or lead to one of {ConnectionsOptions.Section}:{nameof(ConnectionsOptions.AllowedSandboxHosts)}.");
            }
        }

        if (IsConfigured && (ClientSecret.Length > 0) == (ClientSecretFile is not null))
        {
            yield return new ValidationResult($"{Section}: with {nameof(ClientId)}, set either {nameof(ClientSecretFile)} or {nameof(ClientSecret)}.");
        }

        if (IsConfigured && (DeveloperToken.Length > 0) == (DeveloperTokenFile is not null))
        {
            yield return new ValidationResult($"{Section}: with {nameof(ClientId)}, set either {nameof(DeveloperTokenFile)} or {nameof(DeveloperToken)}.");
        }
    }
}
