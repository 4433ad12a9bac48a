using CustomerInsights.Charts.Rendering;

namespace CustomerInsights.Charts.Judging;

/// <summary>Something that holds for whatever the chart renders.</summary>
/// <param name="Name">What holds.</param>
/// <param name="Violations">One line for each violation, naming the resource.</param>
internal sealed record Rule(string Name, Func<Rendered, IEnumerable<string>> Violations)
{
    public static IReadOnlyList<Rule> All { get; } = [.. Names.Rules, .. Selectors.Rules, .. Reaching.Rules, .. PodSecurity.Rules, .. Running.Rules, .. Sidecars.Rules, .. Events.Rules, .. Secrets.Rules];

    public override string ToString() => Name;
}
