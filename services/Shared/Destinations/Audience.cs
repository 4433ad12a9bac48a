namespace CustomerInsights.Destinations;

/// <summary>One set of people at the destination that a run keeps equal to the union of some segments.</summary>
/// <param name="Key">Names it at the destination for good, such as the attribute that marks its members; 1 to 300 characters.</param>
/// <param name="Segments">Resource names of the segments, 1 to 50, in the order of the export.</param>
public sealed record Audience(string Key, IReadOnlyList<string> Segments);
