namespace CustomerInsights.Destinations.Mapping;

/// <summary>What stands at the destination for a customer, by our own doing.</summary>
/// <param name="Key">Matching key it was delivered under.</param>
/// <param name="Fields">Marks of the optional fields that were set, as <see cref="MappedMember.Fields"/> told them.</param>
public readonly record struct StandingDelivery(string Key, ulong Fields);

/// <summary>Why a row is not delivered.</summary>
/// <param name="Reason">Machine-readable, such as EMAIL_INVALID.</param>
/// <param name="WantsAddress">The row lacks a valid address: it counts as skipped instead of rejected.</param>
public sealed record MappingRefusal(string Reason, bool WantsAddress);

/// <summary>A member as the destination would be told about it.</summary>
public readonly record struct MappedMember
{
    private MappedMember(string key, ulong fields, int comparedBytes, MappingRefusal? refusal) =>
        (Key, Fields, ComparedBytes, Refusal) = (key, fields, comparedBytes, refusal);

    /// <summary>How the destination finds the person; rows with the same key collapse into one (BRZ-25).</summary>
    public string Key { get; }

    /// <summary>Marks of the optional fields that are set, kept to clear a field that is set no longer.</summary>
    public ulong Fields { get; }

    /// <summary>Length of the front part of the payload that decides whether the member changed; the rest only clears fields.</summary>
    public int ComparedBytes { get; }

    /// <summary>Set when the member cannot be sent.</summary>
    public MappingRefusal? Refusal { get; }

    public static MappedMember As(string key, ulong fields, int comparedBytes) => new(key, fields, comparedBytes, null);

    public static MappedMember Refused(MappingRefusal refusal) => new("", 0, 0, refusal);
}
