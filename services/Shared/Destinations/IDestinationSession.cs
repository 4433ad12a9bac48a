using System.Buffers;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Mapping;

namespace CustomerInsights.Destinations;

/// <summary>A destination during one run. <see cref="DeliverAsync"/> is called concurrently, the rest by one caller at a time.</summary>
public interface IDestinationSession : IAsyncDisposable
{
    /// <summary>What the vendor allows.</summary>
    DestinationLimits Limits { get; }

    /// <summary>Profile attributes that <see cref="Map"/> needs, in the order of <see cref="Member.Values"/>. At most 50.</summary>
    IReadOnlyList<string> Attributes { get; }

    /// <summary>
    /// What the run keeps true. An audience of an earlier run of the same export at the same account that is missing here
    /// is emptied.
    /// </summary>
    IReadOnlyList<Audience> Audiences { get; }

    /// <summary>Changes whenever the same member would be sent differently: every member is then compared again.</summary>
    string Definition { get; }

    /// <summary>
    /// Writes what makes the member true at the destination, as an absolute statement: sending it twice equals sending it
    /// once. Pure. A member that cannot be sent is a value, with its reason.
    /// </summary>
    /// <param name="audience">Key of the audience.</param>
    /// <param name="member">The member with the values of <see cref="Attributes"/>.</param>
    /// <param name="standing">What was delivered for this customer before, if anything.</param>
    /// <param name="payload">Takes the bytes.</param>
    MappedMember Map(string audience, Member member, StandingDelivery? standing, IBufferWriter<byte> payload);

    /// <summary>
    /// Writes what takes a matching key out of the audience, never creating anything. False when nothing is to be sent.
    /// Also called for audiences that are not in <see cref="Audiences"/> any more.
    /// </summary>
    bool MapRemoval(string audience, string key, IBufferWriter<byte> payload);

    /// <summary>
    /// Sends one batch, once, and tells what became of each row. Throw nothing you expect: report it. Retries, waiting and
    /// splitting are decided elsewhere. The body of an answer never gets beyond this method.
    /// </summary>
    Task<BatchOutcome> DeliverAsync(DeliveryBatch batch, CancellationToken cancellationToken);
}
