using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Workers.Braze;

/// <summary>One optional field of the export: a profile field of Braze, or a custom attribute (BRZ-18).</summary>
internal sealed class BrazeField
{
    private const double LargestExactInteger = 9_007_199_254_740_992;
    private const int Marks = 64;

    private static readonly FrozenSet<string> TextFields =
        new[] { "first_name", "last_name", "phone", "country", "gender", "language", "home_city", "time_zone" }.ToFrozenSet(StringComparer.Ordinal);

    private readonly JsonEncodedText _name;
    private readonly bool _isText;
    private readonly bool _isDay;

    public BrazeField(string name, int column)
    {
        (_name, Column) = (JsonEncodedText.Encode(name, BrazeWire.Encoder), column);
        (_isText, _isDay) = (TextFields.Contains(name), name == "dob");
        Mark = 1UL << MarkOf(name);
    }

    /// <summary>Index of the profile attribute among the values of a member.</summary>
    public int Column { get; }

    /// <summary>
    /// The bit that remembers that a value was sent. Depends on the name alone, so it outlives changes of the export; two
    /// names with the same bit are cleared together, which may clear a field that is empty anyway.
    /// </summary>
    public ulong Mark { get; }

    /// <summary>Writes the field unless the value is null; tells whether it did.</summary>
    public bool Write(Utf8JsonWriter json, AttributeValue value)
    {
        switch (value.KindCase)
        {
            case AttributeValue.KindOneofCase.StringValue:
                json.WriteString(_name, value.StringValue);
                return true;
            case AttributeValue.KindOneofCase.DateValue:
                json.WriteString(_name, TextOf(value));
                return true;
            case AttributeValue.KindOneofCase.NumberValue or AttributeValue.KindOneofCase.BooleanValue when _isText || _isDay:
                json.WriteString(_name, TextOf(value));
                return true;
            case AttributeValue.KindOneofCase.NumberValue:
                WriteNumber(json, value.NumberValue);
                return true;
            case AttributeValue.KindOneofCase.BooleanValue:
                json.WriteBoolean(_name, value.BooleanValue);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Whether <see cref="Write"/> writes the value.</summary>
    public static bool IsWritten(AttributeValue value) => value.KindCase is AttributeValue.KindOneofCase.StringValue
        or AttributeValue.KindOneofCase.DateValue or AttributeValue.KindOneofCase.NumberValue or AttributeValue.KindOneofCase.BooleanValue;

    /// <summary>Unsets the field at Braze.</summary>
    public void Clear(Utf8JsonWriter json) => json.WriteNull(_name);

    /// <summary>A value as text: what an identifier or a text field gets. Null for null.</summary>
    public static string? PlainText(AttributeValue value) => value.KindCase switch
    {
        AttributeValue.KindOneofCase.StringValue => value.StringValue,
        AttributeValue.KindOneofCase.NumberValue => value.NumberValue.ToString("R", CultureInfo.InvariantCulture),
        AttributeValue.KindOneofCase.BooleanValue => value.BooleanValue ? "true" : "false",
        AttributeValue.KindOneofCase.DateValue => value.DateValue.ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture),
        _ => null,
    };

    private string TextOf(AttributeValue value) => _isDay && value.KindCase == AttributeValue.KindOneofCase.DateValue
        ? value.DateValue.ToDateTimeOffset().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
        : PlainText(value)!;

    private void WriteNumber(Utf8JsonWriter json, double number)
    {
        if (double.IsInteger(number) && Math.Abs(number) < LargestExactInteger)
        {
            json.WriteNumber(_name, (long)number);
        }
        else
        {
            json.WriteNumber(_name, number);
        }
    }

    // Stored in the ledger, so it never changes: FNV-1a.
    private static int MarkOf(string name)
    {
        var hash = 2166136261U;
        foreach (var b in Encoding.UTF8.GetBytes(name))
        {
            hash = (hash ^ b) * 16777619U;
        }

        return (int)((hash ^ (hash >> 16)) % Marks);
    }
}
