using CustomerInsights.ServiceDefaults.Hosting;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Connections.SigningIn;

/// <summary>Addresses that a browser visits during a sign-in.</summary>
internal sealed class SignInAddresses(OwnAddress own, IOptions<ConnectionsOptions> options)
{
    private const string Below = "connections/";

    /// <summary>Path of the link, below the service's own.</summary>
    public const string LinkPath = "sign-in";

    /// <summary>Path that the outside service sends the browser back to, below the service's own.</summary>
    public const string CallbackPath = "sign-in-callback";

    private Uri Public => options.Value.PublicAddress is { } address ? new Uri(address) : own.Http;

    /// <summary>Where cookies of a sign-in go, and nowhere else.</summary>
    public string CookiePath => Callback.AbsolutePath;

    public bool IsSecure => Public.Scheme == Uri.UriSchemeHttps;

    public Uri Callback => new(Public, $"{Below}{CallbackPath}");

    public Uri Link(string token) => new(Public, $"{Below}{LinkPath}/{token}");

    /// <summary>The page of the outside service at which the person signs in and agrees (OAuth 2.0, RFC 7636).</summary>
    public Uri Authorize(string state, string challenge)
    {
        var registration = options.Value.MicrosoftAdvertising;
        return new Uri(QueryHelpers.AddQueryString(registration.AuthorizeAddress, new Dictionary<string, string?>
        {
            ["client_id"] = registration.ClientId,
            ["redirect_uri"] = Callback.AbsoluteUri,
            ["response_type"] = "code",
            ["response_mode"] = "query",
            ["scope"] = registration.Scope,
            ["state"] = state,
            ["code_challenge"] = challenge,
            ["code_challenge_method"] = "S256",
            ["prompt"] = "select_account",
        }));
    }
}
