namespace CustomerInsights.ServiceDefaults.Storage;

/// <summary>The one function through which a name becomes part of an SQL text. Values are always parameters.</summary>
public static class Identifier
{
    private const int MaxLength = 63;

    /// <summary>Quotes a table or column name for both engines. Throws on anything but letters, digits, "_" and "-".</summary>
    public static string Quote(string name)
    {
        if (name.Length is 0 or > MaxLength || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
        {
            throw new ArgumentException("Not a name for a table or column: letters, digits, '_' and '-' only, at most 63.", nameof(name));
        }

        return $"\"{name}\"";
    }
}
