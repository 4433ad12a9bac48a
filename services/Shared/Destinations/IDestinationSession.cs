using System.Buffers;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Mapping;
using CustomerInsights.ServiceDefaults.Errors;

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
    /// is emptied, unless <see cref="EmptiesGivenUp"/> says otherwise.
    /// </summary>
    IReadOnlyList<Audience> Audiences { get; }

    /// <summary>
    /// Not null when the destination also takes files. All that is due is then written down before the first row is sent, each
    /// audience has one segment, and a row's payload is its matching key in ASCII.
    /// </summary>
    IFileDelivery? Files => null;

    /// <summary>Whose allowance the requests use up, for destinations with several accounts behind one connection; null for the account of the run.</summary>
    string? ThrottledAs => null;

    /// <summary>Different keys that all audiences together may hold; with more, the run is skipped as a whole (EXP-12). Null for no limit.</summary>
    long? MembersAtMost => null;

    /// <summary>Whether an audience that the export does not keep any more is emptied (D-08).</summary>
    bool EmptiesGivenUp => true;

    /// <summary>Changes whenever the same member would be sent differently: every member is then compared again.</summary>
    string Definition { get; }

    /// <summary>
    /// Makes what has to be there before members can be sent; called again by every claim of the run. Tells the keys of audiences
    /// whose members at the destination are not those that were sent: everybody is sent to them. A refusal, with a reason, ends the run.
    /// </summary>
    Task<Result<IReadOnlyCollection<string>>> PrepareAsync(CancellationToken cancellationToken) =>
        Task.FromResult<Result<IReadOnlyCollection<string>>>(Array.Empty<string>());

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
    /// splitting are decided elsewhere. The body of an answer never gets beyond the session.
    /// </summary>
    Task<BatchOutcome> DeliverAsync(DeliveryBatch batch, CancellationToken cancellationToken);
}
