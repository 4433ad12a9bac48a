using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Declaring;

/// <summary>One value of an attribute or of a comparison; null has no kind. A date is microseconds since 1970 UTC.</summary>
internal readonly record struct Scalar
{
    private readonly long _bits;

    private Scalar(AttributeKind kind, string? text, long bits) => (Kind, Text, _bits) = (kind, text, bits);

    public static Scalar Null => default;

    /// <summary>The kind, or null for null.</summary>
    public AttributeKind? Kind { get; }

    public bool IsNull => Kind is null;

    /// <summary>The text of a string; null otherwise.</summary>
    public string? Text { get; }

    public double Number => BitConverter.Int64BitsToDouble(_bits);

    public long Microseconds => _bits;

    public bool Boolean => _bits != 0;

    public static Scalar Of(string text) => new(AttributeKind.String, text, 0);

    // Minus zero equals zero in every comparison of both engines; keeping one of them keeps "unchanged" honest.
    public static Scalar Of(double number) => new(AttributeKind.Number, null, BitConverter.DoubleToInt64Bits(number == 0 ? 0 : number));

    public static Scalar Of(bool value) => new(AttributeKind.Boolean, null, value ? 1 : 0);

    public static Scalar OfDate(long microseconds) => new(AttributeKind.Date, null, microseconds);

    public static Scalar Of(DateTimeOffset date) => OfDate(date.ToMicroseconds());

    /// <summary>The value as a database parameter takes it.</summary>
    public object ToParameter() => Kind switch
    {
        AttributeKind.String => Text!,
        AttributeKind.Number => Number,
        AttributeKind.Date => Microseconds,
        AttributeKind.Boolean => Boolean,
        _ => DBNull.Value,
    };
}
