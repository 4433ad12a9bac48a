using System.Text.RegularExpressions;

namespace CustomerInsights.Reference.Reading;

/// <summary>A topic, as the table of events in protos/README.md tells it.</summary>
/// <param name="Topic">Its name, which is that of the exchange.</param>
/// <param name="Message">The message that its events carry, relative to the package of events.</param>
/// <param name="Publishers">App ids, and "public" for anybody.</param>
/// <param name="Subscribers">App ids, and "public" for anybody.</param>
/// <param name="Says">What an event of it means.</param>
internal sealed record TopicRow(string Topic, string Message, IReadOnlyList<string> Publishers, IReadOnlyList<string> Subscribers, string Says)
{
    public const string Public = "public";

    /// <summary>Whether others than our processes may publish or subscribe.</summary>
    public bool IsPublic => Publishers.Contains(Public) || Subscribers.Contains(Public);
}

/// <summary>The table of events. A test compares it with the code.</summary>
internal static partial class EventTable
{
    public static IReadOnlyList<TopicRow> Read(string markdown) =>
    [
        .. Row().Matches(markdown).Select(m => new TopicRow(m.Groups[1].Value, m.Groups[2].Value, Names(m.Groups[3].Value), Names(m.Groups[4].Value), m.Groups[5].Value.Trim())),
    ];

    private static IReadOnlyList<string> Names(string cell) => [.. Name().Matches(cell).Select(m => m.Groups[1].Value)];

    [GeneratedRegex(@"^\| `([^`]+\.v[0-9]+)` \| `(\w+)` \| ([^|]*) \| ([^|]*) \|([^|]*)\|\r?$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([a-z-]+)`")]
    private static partial Regex Name();
}
