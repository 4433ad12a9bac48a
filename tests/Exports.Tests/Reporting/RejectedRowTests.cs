using CustomerInsights.Exports.Reporting;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Exports.Tests.Reporting;

[Parallelizable(ParallelScope.All)]
internal sealed class RejectedRowTests
{
    [TestCase("c-1", "EMAIL_INVALID", 0, ExpectedResult = "")]
    [TestCase("", "EMAIL_INVALID", 0, ExpectedResult = "rows[0].customer_id")]
    [TestCase("c-1", "", 0, ExpectedResult = "rows[0].reason")]
    [TestCase("c-1", "it failed", 0, ExpectedResult = "rows[0].reason")]
    [TestCase("c-1", "email@example.com", 0, ExpectedResult = "rows[0].reason")]
    [TestCase("c-1", "EMAIL_INVALID", 501, ExpectedResult = "rows[0].message")]
    public string Check_names_the_wrong_field(string customerId, string reason, int messageLength)
    {
        var violations = new Violations();
        new RejectedRow(customerId, reason, new string('m', messageLength)).Check("rows[0]", violations);
        return violations.None ? "" : violations.ToRefusal().Violations.Single().Field;
    }
}
