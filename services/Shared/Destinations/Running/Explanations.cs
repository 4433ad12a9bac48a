namespace CustomerInsights.Destinations.Running;

/// <summary>Reasons in words, with the remedy: the destination's own first, then those that all share.</summary>
internal sealed class Explanations(IDestination destination)
{
    public string Of(string reason) => destination.Explain(reason) is { Length: > 0 } own ? own : Reasons.Explain(reason);
}
