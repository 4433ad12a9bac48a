using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace CustomerInsights.TestKit.Sidecar.Publishing;

/// <summary>The span that a sidecar opens for what passes through it.</summary>
internal sealed partial record TraceContext(string Parent, string State)
{
    /// <summary>A span below the given one, or one of a new trace.</summary>
    public static TraceContext Below(string? parent, string? state)
    {
        var match = Pattern().Match(parent ?? "");
        var trace = match.Success ? match.Groups["trace"].Value : Digits(16);
        return new TraceContext($"00-{trace}-{Digits(8)}-{(match.Success ? match.Groups["flags"].Value : "01")}", match.Success ? state ?? "" : "");
    }

    /// <summary>The same as the bytes of "grpc-trace-bin".</summary>
    public byte[] ToBytes()
    {
        var match = Pattern().Match(Parent);
        return
        [
            0,
            0, .. Convert.FromHexString(match.Groups["trace"].ValueSpan),
            1, .. Convert.FromHexString(match.Groups["span"].ValueSpan),
            2, .. Convert.FromHexString(match.Groups["flags"].ValueSpan),
        ];
    }

    private static string Digits(int bytes) => RandomNumberGenerator.GetHexString(bytes * 2, lowercase: true);

    [GeneratedRegex("^00-(?<trace>[0-9a-f]{32})-(?<span>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})$")]
    private static partial Regex Pattern();
}
