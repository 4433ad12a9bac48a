using System.Globalization;
using System.Text.Json;
using CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Quickstart.Comparing;

/// <summary>What Braze should know about one member: the mapped fields, and the attribute of the segment.</summary>
/// <param name="ExternalId">The id at Braze.</param>
/// <param name="Attributes">Values by the name that Braze uses; a null is absent.</param>
internal sealed record ExpectedUser(string ExternalId, IReadOnlyDictionary<string, object> Attributes)
{
    /// <summary>What differs from what Braze has, in words; empty when nothing does.</summary>
    public IEnumerable<string> Differences(IReadOnlyDictionary<string, JsonElement> actual)
    {
        foreach (var (name, expected) in Attributes)
        {
            if (!actual.TryGetValue(name, out var value))
            {
                yield return $"{name} is missing";
            }
            else if (!Same(expected, value))
            {
                yield return $"{name} is another";
            }
        }

        foreach (var name in actual.Keys.Where(name => !Attributes.ContainsKey(name)))
        {
            yield return $"{name} should not be there";
        }
    }

    /// <summary>Whether Braze should know the same of both.</summary>
    public bool SameAs(ExpectedUser other) =>
        Attributes.Count == other.Attributes.Count && Attributes.All(a => other.Attributes.TryGetValue(a.Key, out var value) && value.Equals(a.Value));

    /// <summary>The plain value of an attribute: a string, number, time or Boolean; null when it has none.</summary>
    public static object? Plain(AttributeValue value) => value.KindCase switch
    {
        AttributeValue.KindOneofCase.StringValue => value.StringValue,
        AttributeValue.KindOneofCase.NumberValue => value.NumberValue,
        AttributeValue.KindOneofCase.DateValue => value.DateValue.ToDateTimeOffset(),
        AttributeValue.KindOneofCase.BooleanValue => value.BooleanValue,
        _ => null,
    };

    private static bool Same(object expected, JsonElement actual) => (expected, actual.ValueKind) switch
    {
        (string text, JsonValueKind.String) => text == actual.GetString(),
        (double number, JsonValueKind.Number) => number.Equals(actual.GetDouble()),
        (bool flag, JsonValueKind.True or JsonValueKind.False) => flag == actual.GetBoolean(),
        (DateTimeOffset time, JsonValueKind.String) => DateTimeOffset.TryParse(
            actual.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var sent) && sent == time,
        _ => false,
    };
}
