namespace CustomerInsights.ServiceDefaults.Errors;

/// <summary>Either a value or a <see cref="Refusal"/>. Made by implicit conversion from either.</summary>
public readonly struct Result<T>
{
    private readonly T? _value;

    private Result(T? value, Refusal? refusal) => (_value, Refusal) = (value, refusal);

    /// <summary>The refusal, or null when there is a value.</summary>
    public Refusal? Refusal { get; }

    /// <summary>The value. Reading it when refused is a bug.</summary>
    public T Value => Refusal is null ? _value! : throw new InvalidOperationException($"Refused: {Refusal.Message}");

    /// <summary>The value; at a gRPC door, a refusal becomes the status of the call.</summary>
    public T OrThrow() => Refusal is null ? _value! : throw Refusal.ToRpcException();

    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(Refusal refusal) => new(default, refusal);
}
