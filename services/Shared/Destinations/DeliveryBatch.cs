namespace CustomerInsights.Destinations;

/// <summary>Whether a batch brings members in or takes former ones out.</summary>
public enum DeliveryKind
{
    /// <summary>Members that joined or changed.</summary>
    Upsert,

    /// <summary>Matching keys to take out.</summary>
    Removal,
}

/// <summary>One row of a batch: ready to send.</summary>
/// <param name="Key">The matching key; distinct within a run and audience.</param>
/// <param name="Payload">The bytes that the destination wrote for it. Valid until the batch is settled.</param>
public readonly record struct DeliveryOperation(string Key, ReadOnlyMemory<byte> Payload);

/// <summary>Rows that go into one request: of one audience and one kind, within the destination's limits.</summary>
public sealed record DeliveryBatch(DeliveryKind Kind, string Audience, IReadOnlyList<DeliveryOperation> Operations)
{
    /// <summary>Bytes of all rows, without envelope and separators.</summary>
    public int PayloadBytes { get; } = Operations.Sum(operation => operation.Payload.Length);
}
