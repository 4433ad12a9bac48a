using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze.Reading;

/// <summary>A segment export that was asked for.</summary>
/// <param name="Token">Unguessable part of its address.</param>
/// <param name="ReadyAt">From when on the file can be fetched.</param>
/// <param name="Expires">Until when.</param>
internal sealed record SegmentExport(string Token, BrazeSegment Segment, IReadOnlyList<string> Fields, IReadOnlyList<string>? CustomAttributes, DateTimeOffset ReadyAt, DateTimeOffset Expires);

/// <summary>The segment exports of a workspace. The workspace's lock is held around every use.</summary>
internal sealed class SegmentExports(ulong seed)
{
    private const ulong TokenStream = 0x5E6;
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(4);
    private readonly Dictionary<string, SegmentExport> _byToken = new(StringComparer.Ordinal);
    private ulong _count;

    /// <summary>One export per segment at a time: null while another one is still being made.</summary>
    public SegmentExport? Start(BrazeSegment segment, IReadOnlyList<string> fields, IReadOnlyList<string>? customAttributes, DateTimeOffset now, TimeSpan takes)
    {
        if (_byToken.Values.Any(e => e.Segment.Id == segment.Id && e.ReadyAt > now))
        {
            return null;
        }

        var token = $"{SeededRandom.Bits(seed, TokenStream, _count++):x16}{SeededRandom.Bits(seed, TokenStream, _count++):x16}";
        return _byToken[token] = new SegmentExport(token, segment, fields, customAttributes, now + takes, now + takes + Lifetime);
    }

    public SegmentExport? Find(string token, DateTimeOffset now) =>
        _byToken.TryGetValue(token, out var export) && export.ReadyAt <= now && now < export.Expires ? export : null;
}
