using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Exports.Reporting;

/// <summary>A row that could not be delivered. Holds no value of the profile but the customer id.</summary>
internal sealed record RejectedRow(string CustomerId, string Reason, string Message)
{
    private const int MaxCustomerId = 200;
    private const int MaxReason = 60;
    private const int MaxMessage = 500;

    /// <summary>Whether a text is a machine-readable reason.</summary>
    public static bool IsReason(string text) =>
        text.Length is > 0 and <= MaxReason && text.All(character => char.IsAsciiLetterUpper(character) || char.IsAsciiDigit(character) || character == '_');

    public void Check(string field, Violations violations)
    {
        violations.Check(CustomerId.Length is > 0 and <= MaxCustomerId, $"{field}.customer_id", $"must be 1 to {MaxCustomerId} characters.");
        violations.Check(IsReason(Reason), $"{field}.reason", $"must be 1 to {MaxReason} upper-case letters, digits and \"_\".");
        violations.Check(Message.Length <= MaxMessage, $"{field}.message", $"must be at most {MaxMessage} characters.");
    }
}

/// <summary>Rejections of one class with the first of them (EXP-35).</summary>
internal sealed record RejectionClass(string Reason, long RowCount, string FirstCustomerId);
