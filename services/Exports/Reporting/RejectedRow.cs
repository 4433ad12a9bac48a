using CustomerInsights.Exports.Defining;
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
        CheckCustomerId(CustomerId, $"{field}.customer_id", violations);
        CheckReason(Reason, $"{field}.reason", violations);
        violations.Check(PlainText.Is(Message, MaxMessage), $"{field}.message", $"must be at most {MaxMessage} characters without control characters.");
    }

    public static void CheckCustomerId(string customerId, string field, Violations violations) => violations.Check(
        customerId.Length > 0 && PlainText.Is(customerId, MaxCustomerId), field, $"must be 1 to {MaxCustomerId} characters without control characters.");

    public static void CheckReason(string reason, string field, Violations violations) =>
        violations.Check(IsReason(reason), field, $"must be 1 to {MaxReason} upper-case letters, digits and \"_\".");
}

/// <summary>Rejections of one class with the first of them (EXP-35).</summary>
internal sealed record RejectionClass(string Reason, long RowCount, string FirstCustomerId)
{
    public void Check(string field, Violations violations)
    {
        RejectedRow.CheckReason(Reason, $"{field}.reason", violations);
        violations.Check(RowCount > 0, $"{field}.count", "must be more than 0.");
        RejectedRow.CheckCustomerId(FirstCustomerId, $"{field}.first_customer_id", violations);
    }
}
