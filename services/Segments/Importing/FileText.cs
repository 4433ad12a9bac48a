using System.Globalization;
using CustomerInsights.Segments.Declaring;

namespace CustomerInsights.Segments.Importing;

/// <summary>Reads values as they are written in files.</summary>
internal static class FileText
{
    /// <summary>The value of a text for an attribute of that kind, empty meaning null; or what is wrong with it.</summary>
    public static (Scalar Value, string? Reason, string Message) Read(string text, AttributeKind kind)
    {
        if (text.Length == 0)
        {
            return (Scalar.Null, null, "");
        }

        return kind switch
        {
            AttributeKind.String => ReadString(text),
            AttributeKind.Number when TryReadNumber(text, out var number) => (Scalar.Of(number), null, ""),
            AttributeKind.Number => Invalid("Not a number. Write it as 1234.5, without separators of thousands."),
            AttributeKind.Date when IsoDate.TryParse(text, out var date) => (Scalar.OfDate(date), null, ""),
            AttributeKind.Date => Invalid("Not a date. Write it as 2024-05-31 or 2024-05-31T08:30:00Z."),
            _ when ReadBoolean(text) is { } boolean => (Scalar.Of(boolean), null, ""),
            _ => Invalid("Not a Boolean. Write true, false, 1 or 0."),
        };
    }

    public static (Scalar Value, string? Reason, string Message) ReadString(string text)
    {
        if (text.Length > ProfileValue.MaxTextLength)
        {
            return (default, ImportReason.FieldTooLarge, $"Longer than {ProfileValue.MaxTextLength} characters.");
        }

        return ProfileValue.Problem(Scalar.Of(text), AttributeKind.String) is { } problem ? Invalid($"The text {problem}") : (Scalar.Of(text), null, "");
    }

    public static bool? ReadBoolean(string text) => text switch
    {
        "1" => true,
        "0" => false,
        _ => bool.TryParse(text, out var value) ? value : null,
    };

    public static (Scalar Value, string? Reason, string Message) Invalid(string message) => (default, ImportReason.InvalidValue, message);

    private static bool TryReadNumber(string text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);
}
