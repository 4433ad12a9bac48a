using System.Text.Json;
using CustomerInsights.Sandbox.Braze.Storing;

namespace CustomerInsights.Sandbox.Braze.Reading;

/// <summary>A user as the vendor's exports show it, cut down to the wanted fields.</summary>
internal static class ProfileJson
{
    public static void Write(Utf8JsonWriter writer, UserStore store, User user, byte[] attributes, Func<string, bool> wants, Func<string, bool> wantsCustom)
    {
        writer.WriteStartObject();
        if (wants("external_id") && user.ExternalId is { } externalId)
        {
            writer.WriteString("external_id"u8, externalId);
        }

        if (wants("user_aliases") && user.Alias is var (label, name))
        {
            writer.WriteStartArray("user_aliases"u8);
            writer.WriteStartObject();
            writer.WriteString("alias_name"u8, name);
            writer.WriteString("alias_label"u8, label);
            writer.WriteEndObject();
            writer.WriteEndArray();
        }

        if (wants("braze_id"))
        {
            writer.WriteString("braze_id"u8, store.BrazeIdOf(user));
        }

        WriteValues(writer, store.Names, attributes, n => BrazeFields.Reserved.Contains(n) && wants(n));
        if (wants("custom_attributes"))
        {
            writer.WriteStartObject("custom_attributes"u8);
            WriteValues(writer, store.Names, attributes, n => !BrazeFields.Reserved.Contains(n) && wantsCustom(n));
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    /// <summary>Values in the order of their names, so that equal users read equal.</summary>
    public static List<(string Name, byte[] Value)> SortedValues(AttributeNames names, byte[] attributes)
    {
        var values = new List<(string Name, byte[] Value)>();
        foreach (var entry in new AttributeBlob(attributes))
        {
            values.Add((names[entry.Id], entry.Value.ToArray()));
        }

        values.Sort(static (x, y) => string.CompareOrdinal(x.Name, y.Name));
        return values;
    }

    private static void WriteValues(Utf8JsonWriter writer, AttributeNames names, byte[] attributes, Func<string, bool> wants)
    {
        foreach (var (name, value) in SortedValues(names, attributes).Where(v => wants(v.Name)))
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(value, skipInputValidation: true);
        }
    }
}
