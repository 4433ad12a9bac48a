namespace CustomerInsights.Exports.Defining;

/// <summary>Text from outside that is stored: without control characters. U+0000 cannot even be written to PostgreSQL.</summary>
internal static class PlainText
{
    private const int MaxRequestId = 100;

    public const string RequestIdRule = "must be at most 100 characters without control characters.";

    public static bool Is(string text, int maxLength) => text.Length <= maxLength && !text.Any(char.IsControl);

    public static bool IsRequestId(string text) => Is(text, MaxRequestId);
}
