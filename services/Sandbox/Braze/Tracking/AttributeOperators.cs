using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CustomerInsights.Sandbox.Braze.Tracking;

/// <summary>Arrays, and values that are an instruction instead: {"add":[..]}, {"remove":[..]}, {"inc":n}.</summary>
internal static class AttributeOperators
{
    private const int MaxElements = 500;

    /// <summary>The value to store, as JSON text; null when <paramref name="sent"/> is to be stored as it is.</summary>
    public static byte[]? Compute(ReadOnlySpan<byte> existing, ReadOnlySpan<byte> sent)
    {
        var reader = new Utf8JsonReader(sent);
        using var document = JsonDocument.ParseValue(ref reader);
        var root = document.RootElement;
        if (root.ValueKind == JsonValueKind.Array)
        {
            return Write(ElementsOf(root));
        }

        return IsIncrement(root, out var by) ? Increment(existing, by)
            : IsArrayChange(root) ? ChangeArray(existing, root)
            : null;
    }

    private static bool IsIncrement(JsonElement root, out long by)
    {
        by = 0;
        return root.TryGetProperty("inc", out var inc) && inc.ValueKind == JsonValueKind.Number && inc.TryGetInt64(out by) && root.GetPropertyCount() == 1;
    }

    private static byte[] Increment(ReadOnlySpan<byte> existing, long by)
    {
        var start = long.TryParse(existing, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : 0;
        return Encoding.UTF8.GetBytes(unchecked(start + by).ToString(CultureInfo.InvariantCulture));
    }

    private static bool IsArrayChange(JsonElement root) =>
        root.GetPropertyCount() > 0
        && root.EnumerateObject().All(p => p.Name is "add" or "remove" && p.Value.ValueKind == JsonValueKind.Array);

    private static byte[] ChangeArray(ReadOnlySpan<byte> existing, JsonElement change)
    {
        var elements = new List<string>();
        if (existing.Length > 0 && existing[0] == (byte)'[')
        {
            var reader = new Utf8JsonReader(existing);
            using var document = JsonDocument.ParseValue(ref reader);
            elements = ElementsOf(document.RootElement);
        }

        if (change.TryGetProperty("add", out var add))
        {
            elements.AddRange(ElementsOf(add).Except(elements));
        }

        if (change.TryGetProperty("remove", out var remove))
        {
            elements.RemoveAll(ElementsOf(remove).ToHashSet().Contains);
        }

        return Write(elements);
    }

    private static List<string> ElementsOf(JsonElement array) =>
        [.. array.EnumerateArray().Select(e => Encoding.UTF8.GetString(CanonicalJson.Of(e))).Distinct()];

    private static byte[] Write(List<string> elements) => Encoding.UTF8.GetBytes($"[{string.Join(',', elements.Take(MaxElements))}]");
}
