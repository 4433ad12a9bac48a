using System.Net;
using System.Net.Sockets;

namespace CustomerInsights.ServiceDefaults.Outbound;

/// <summary>Tells addresses of the public internet from those of a network of one's own, whatever spelling hides them.</summary>
internal static class PublicAddress
{
    private const int V4OffsetOfNat64 = 12;
    private const int V4OffsetOf6To4 = 2;
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    // Everything in 2000::/3 that is not somebody's public address: Teredo, benchmarking, documentation, ORCHID.
    private static readonly IPNetwork[] SpecialV6 = [.. new[] { "2001::/23", "2001:db8::/32", "3fff::/20" }.Select(IPNetwork.Parse)];

    private static readonly IPNetwork[] SpecialV4 =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        }.Select(IPNetwork.Parse),
    ];

    public static bool Is(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return Is(address.MapToIPv4());
        }

        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return !SpecialV4.Any(network => network.Contains(address));
        }

        if (Nat64.Contains(address) || SixToFour.Contains(address))
        {
            var offset = Nat64.Contains(address) ? V4OffsetOfNat64 : V4OffsetOf6To4;
            return Is(new IPAddress(address.GetAddressBytes().AsSpan(offset, 4)));
        }

        return GlobalUnicast.Contains(address) && !SpecialV6.Any(network => network.Contains(address));
    }
}
