using System.Globalization;
using System.Text.Json;
using CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Workers.Webhook;

/// <summary>One field of the lines. It is always there: null when the profile has no value.</summary>
/// <param name="name">Its name in the lines.</param>
/// <param name="column">Index of the profile attribute among the values of a member.</param>
internal sealed class WebhookField(string name, int column)
{
    private const double LargestExactInteger = 9_007_199_254_740_992;
    private readonly JsonEncodedText _name = JsonEncodedText.Encode(name, WebhookWire.Encoder);

    public void Write(Utf8JsonWriter json, Member member)
    {
        var value = member.Values[column];
        switch (value.KindCase)
        {
            case AttributeValue.KindOneofCase.NumberValue when double.IsInteger(value.NumberValue) && Math.Abs(value.NumberValue) < LargestExactInteger:
                json.WriteNumber(_name, (long)value.NumberValue);
                break;
            case AttributeValue.KindOneofCase.NumberValue:
                json.WriteNumber(_name, value.NumberValue);
                break;
            case AttributeValue.KindOneofCase.BooleanValue:
                json.WriteBoolean(_name, value.BooleanValue);
                break;
            case var _ when PlainText(value) is { } text:
                json.WriteString(_name, text);
                break;
            default:
                json.WriteNull(_name);
                break;
        }
    }

    /// <summary>Texts as they are, dates in ISO 8601, UTC; null for everything else.</summary>
    public static string? PlainText(AttributeValue value) => value.KindCase switch
    {
        AttributeValue.KindOneofCase.StringValue => value.StringValue,
        AttributeValue.KindOneofCase.DateValue => value.DateValue.ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture),
        _ => null,
    };
}
