using CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Destinations.Counting;

/// <summary>Counts the refused rows of a run by reason, each with the first customer: all of them, however many are listed.</summary>
internal sealed class RejectionTally
{
    private const int MaxClasses = 50;

    private readonly Dictionary<string, RejectionClass> _classes = new(StringComparer.Ordinal);

    /// <summary>The largest classes.</summary>
    public IEnumerable<RejectionClass> Largest =>
        _classes.Values.OrderByDescending(rejections => rejections.Count).ThenBy(rejections => rejections.Reason, StringComparer.Ordinal).Take(MaxClasses);

    public void Add(string reason, string customerId)
    {
        if (!_classes.TryGetValue(reason, out var rejections))
        {
            _classes[reason] = rejections = new RejectionClass { Reason = reason, FirstCustomerId = customerId };
        }

        rejections.Count++;
    }
}
