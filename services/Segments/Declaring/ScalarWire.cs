using Google.Protobuf.WellKnownTypes;
using Wire = CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Segments.Declaring;

/// <summary>Values as the contract has them.</summary>
internal static class ScalarWire
{
    private const long MicrosecondsPerSecond = 1_000_000;
    private const int NanosecondsPerMicrosecond = 1000;

    // The range of Google.Protobuf.WellKnownTypes.Timestamp: the years 1 to 9999.
    private const long MinSeconds = -62_135_596_800;
    private const long MaxSeconds = 253_402_300_799;

    /// <summary>A date outside the years 1 to 9999 becomes a number, which no date attribute takes.</summary>
    public static Scalar Read(Wire.AttributeValue value) => value.KindCase switch
    {
        Wire.AttributeValue.KindOneofCase.StringValue => Scalar.Of(value.StringValue),
        Wire.AttributeValue.KindOneofCase.NumberValue => Scalar.Of(value.NumberValue),
        Wire.AttributeValue.KindOneofCase.DateValue when IsInRange(value.DateValue) => Scalar.OfDate(ToMicroseconds(value.DateValue)),
        Wire.AttributeValue.KindOneofCase.DateValue => Scalar.Of(double.NaN),
        Wire.AttributeValue.KindOneofCase.BooleanValue => Scalar.Of(value.BooleanValue),
        _ => Scalar.Null,
    };

    public static Wire.AttributeValue Write(Scalar value) => value.Kind switch
    {
        AttributeKind.String => new Wire.AttributeValue { StringValue = value.Text },
        AttributeKind.Number => new Wire.AttributeValue { NumberValue = value.Number },
        AttributeKind.Date => new Wire.AttributeValue { DateValue = ToTimestamp(value.Microseconds) },
        AttributeKind.Boolean => new Wire.AttributeValue { BooleanValue = value.Boolean },
        _ => new Wire.AttributeValue(),
    };

    public static Timestamp ToTimestamp(long microseconds)
    {
        var (seconds, rest) = Math.DivRem(microseconds, MicrosecondsPerSecond);
        return rest < 0
            ? new Timestamp { Seconds = seconds - 1, Nanos = (int)(rest + MicrosecondsPerSecond) * NanosecondsPerMicrosecond }
            : new Timestamp { Seconds = seconds, Nanos = (int)rest * NanosecondsPerMicrosecond };
    }

    private static long ToMicroseconds(Timestamp time) => (time.Seconds * MicrosecondsPerSecond) + (time.Nanos / NanosecondsPerMicrosecond);

    private static bool IsInRange(Timestamp time) =>
        time.Seconds is >= MinSeconds and <= MaxSeconds && time.Nanos is >= 0 and < 1_000_000_000;
}
