using CustomerInsights.Connections.Defining;

namespace CustomerInsights.Connections.Verifying;

/// <summary>What an outside service says of a credential.</summary>
/// <param name="Problem">One of <see cref="Defining.Problem"/>; <see cref="Problem.None"/> when it accepts it.</param>
internal sealed record ProbeOutcome(string Problem)
{
    /// <summary>Bytes of an answer that are read; those that say something are far shorter.</summary>
    public const int MaxAnswer = 64 * 1024;

    public static ProbeOutcome Accepted { get; } = new(Defining.Problem.None);

    public static ProbeOutcome Unknown { get; } = new(Defining.Problem.CredentialUnknown);

    public static ProbeOutcome Forbidden { get; } = new(Defining.Problem.CredentialForbidden);

    /// <summary>Nothing is known of the credential.</summary>
    public static ProbeOutcome Unreachable { get; } = new(Defining.Problem.HostUnreachable);
}
