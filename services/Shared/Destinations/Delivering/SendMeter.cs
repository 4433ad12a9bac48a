using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Deciding;

namespace CustomerInsights.Destinations.Delivering;

/// <summary>Counts the requests of one run with one audience, and gives its randomness to whoever waits.</summary>
internal sealed class SendMeter(DeliveryMetrics metrics, Chance chance)
{
    private long _requests;
    private volatile bool _hasTaken;

    /// <summary>Requests sent so far, repeats and earlier claims included.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Whether the destination has taken anything for the audience since the run was taken over.</summary>
    public bool HasTaken => _hasTaken;

    public void Restore(long requests) => Interlocked.Exchange(ref _requests, requests);

    public void Sent(DeliveryBatch batch, BatchOutcome outcome, TimeSpan duration)
    {
        Interlocked.Increment(ref _requests);
        if (outcome.Answer == Answer.Delivered)
        {
            Took();
        }

        metrics.Sent(outcome.Answer, batch.Operations.Count, duration);
    }

    /// <summary>The destination has taken rows, or works on a file of them. Several senders say so.</summary>
    public void Took() => _hasTaken = true;

    /// <summary>A request about a file, which has rows of its own. That it is answered does not mean that the rows were taken.</summary>
    public void Stepped(Answer answer, TimeSpan duration)
    {
        Interlocked.Increment(ref _requests);
        metrics.Sent(answer, 0, duration);
    }

    /// <summary>The account may be called, after so long.</summary>
    public void Waited(TimeSpan duration) => metrics.Waited(duration);

    public double NextJitter() => chance.Next();
}
