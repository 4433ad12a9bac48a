using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CustomerInsights.TestKit.Sidecar.Delivering;

/// <summary>
/// JSON as it is after a program in Go has read it without a type and written it again, which is what happens to the data of each
/// delivery: members in the order of their names, numbers as doubles, so that integers above 2^53 lose digits.
/// </summary>
internal static class JsonAsGo
{
    private const double PlainFrom = 1e-6;
    private const double PlainBelow = 1e21;

    public static string Write(JsonNode? node) => node switch
    {
        null => "null",
        JsonArray array => $"[{string.Join(',', array.Select(Write))}]",
        JsonObject members =>
            $"{{{string.Join(',', members.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => $"{JsonSerializer.Serialize(member.Key)}:{Write(member.Value)}"))}}}",
        _ when node.GetValueKind() == JsonValueKind.Number => Write(double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture)),
        _ => node.ToJsonString(),
    };

    private static string Write(double number)
    {
        var shortest = number.ToString("R", CultureInfo.InvariantCulture);
        return number == 0 || Math.Abs(number) is >= PlainFrom and < PlainBelow
            ? decimal.Parse(shortest, NumberStyles.Float, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)
            : shortest.Replace("E-0", "e-", StringComparison.Ordinal).Replace('E', 'e');
    }
}
