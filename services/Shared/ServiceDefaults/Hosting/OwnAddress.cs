using System.Net;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>Where browsers on this machine reach the process; others need an address that an operator knows.</summary>
/// <param name="Http">Of the HTTP port, such as "http://127.0.0.1:5203/".</param>
public sealed record OwnAddress(Uri Http)
{
    internal static OwnAddress Of(IPEndPoint http, bool isSecure) => new(new UriBuilder(
        isSecure ? Uri.UriSchemeHttps : Uri.UriSchemeHttp,
        http.Address.Equals(IPAddress.Any) || http.Address.Equals(IPAddress.IPv6Any) ? IPAddress.Loopback.ToString() : http.Address.ToString(),
        http.Port).Uri);
}
