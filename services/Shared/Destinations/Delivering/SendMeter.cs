using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Deciding;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>Counts the requests of one run with one audience, and gives its randomness to whoever waits.</summary>
internal sealed class SendMeter(DeliveryMetrics metrics, Chance chance)
{
    private long _requests;

    /// <summary>Requests sent so far, repeats and earlier claims included.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Whether the destination has taken anything since the run was taken over.</summary>
    public bool HasTaken { get; private set; }

    public void Restore(long requests) => Interlocked.Exchange(ref _requests, requests);

    public void Sent(DeliveryBatch batch, BatchOutcome outcome, TimeSpan duration)
    {
        Interlocked.Increment(ref _requests);
        HasTaken |= outcome.Answer == Answer.Delivered;
        metrics.Sent(outcome.Answer, batch.Operations.Count, duration);
    }

    /// <summary>A request about a file, which has rows of its own.</summary>
    public void Stepped(Answer answer, TimeSpan duration)
    {
        Interlocked.Increment(ref _requests);
        HasTaken |= answer == Answer.Delivered;
        metrics.Sent(answer, 0, duration);
    }

    public double NextJitter() => chance.Next();
}
