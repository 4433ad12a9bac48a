using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using Wire = CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Exports.Tests.Defining;

[Parallelizable(ParallelScope.All)]
internal sealed class MicrosoftAdvertisingDestinationTypeTests
{
    private const string Prefix = "export.microsoft_advertising";
    private const string First = "environments/e/segments/first";
    private const string Second = "environments/e/segments/second";

    private static readonly MicrosoftAdvertisingDestinationType Destination = new();
    private static readonly ProfileAttributes Attributes = new(new Dictionary<string, AttributeType> { ["Email"] = AttributeType.String, ["Spent"] = AttributeType.Number });

    private static IEnumerable<TestCaseData> Wrong()
    {
        yield return Case("customer_id_missing", s => s.CustomerId = "", "customer_id");
        yield return Case("customer_id_with_letters", s => s.CustomerId = "12a", "customer_id");
        yield return Case("customer_id_in_other_digits", s => s.CustomerId = "١٢", "customer_id");
        yield return Case("account_id_missing", s => s.AccountId = "", "account_id");
        yield return Case("account_id_signed", s => s.AccountId = "-5", "account_id");
        yield return Case("account_id_zero", s => s.AccountId = "0", "account_id");
        yield return Case("account_id_in_another_spelling", s => s.AccountId = "0123", "account_id");
        yield return Case("account_id_too_large", s => s.AccountId = "9223372036854775808", "account_id");
        yield return Case("email_unmapped", s => s.EmailAttribute = "", "email_attribute");
        yield return Case("email_unknown", s => s.EmailAttribute = "email", "email_attribute");
        yield return Case("email_of_a_wrong_type", s => s.EmailAttribute = "Spent", "email_attribute");
        yield return Case("duration_too_long", s => s.MembershipDurationDays = 391, "membership_duration_days");
        yield return Case("duration_negative", s => s.MembershipDurationDays = -2, "membership_duration_days");
        yield return Case("unknown_deselect", s => s.OnDeselect = (MicrosoftAdvertisingOnDeselect)9, "on_deselect");
    }

    [TestCaseSource(nameof(Wrong))]
    public void Check_names_the_wrong_field(Action<MicrosoftAdvertisingExport> change, string field) =>
        Assert.That(Check(Settings.MicrosoftAdvertising(change)), Is.EqualTo(new[] { $"{Prefix}.{field}" }));

    [TestCase(-1, -1)]
    [TestCase(0, 390)]
    [TestCase(1, 1)]
    [TestCase(390, 390)]
    public void Durations_and_defaults(int given, int stored)
    {
        var settings = Settings.MicrosoftAdvertising(s => (s.MembershipDurationDays, s.AccountId) = (given, " 9223372036854775807 "));
        var export = new Wire.Export();
        Destination.Write(settings, export);

        Assert.That(Check(settings), Is.Empty);
        Assert.That(export.MicrosoftAdvertising, Is.EqualTo(Settings.MicrosoftAdvertisingMessage(s =>
        {
            (s.MembershipDurationDays, s.AccountId) = (stored, "9223372036854775807");
            s.OnDeselect = MicrosoftAdvertisingOnDeselect.Keep;
        })));
    }

    [Test]
    public void Read_of_an_export_of_another_type_is_null() =>
        Assert.That(Destination.Read(new Wire.Export { Braze = new BrazeExport() }), Is.Null);

    [TestCase("VIP", "vip", "[1]")]
    [TestCase("VIP", " VIP", "[1]")]
    [TestCase("VIP", "VIP 2", null)]
    public void Segments_need_names_of_their_own(string first, string second, string? index) =>
        Assert.That(CheckSegments((First, first), (Second, second)), Is.EqualTo(index is null ? [] : new[] { $"export.segments{index}" }));

    [TestCase(128, 0)]
    [TestCase(129, 1)]
    public void Segments_need_names_that_an_audience_can_have(int length, int violations) =>
        Assert.That(CheckSegments((First, new string('n', length))).Count(), Is.EqualTo(violations));

    [Test]
    public void Each_segment_is_an_audience_of_the_account()
    {
        var audiences = Destination.AudiencesOf(Settings.MicrosoftAdvertising(), [First, Second]);
        var elsewhere = Destination.AudiencesOf(Settings.MicrosoftAdvertising(s => s.AccountId = "7"), [First]);

        Assert.That(audiences.Select(audience => audience.Field), Is.EqualTo(new[] { "export.segments[0]", "export.segments[1]" }));
        Assert.That(audiences.Concat(elsewhere).Select(audience => audience.Name), Is.Unique);
    }

    [TestCase(500_000, false)]
    [TestCase(500_001, true)]
    public void Warn_of_the_limit_and_tell_of_matching(long members, bool isTooMany)
    {
        var warnings = Destination.Warn(Settings.MicrosoftAdvertising(), members, connection: null).ToList();

        Assert.That(warnings[^1], Does.Contain("48 hours").And.Contain("300"));
        Assert.That(warnings.Any(warning => warning.Contains("will be skipped", StringComparison.Ordinal)), Is.EqualTo(isTooMany));
    }

    [TestCase(1, false, true)]
    [TestCase(1, true, false)]
    [TestCase(0, false, false)]
    [TestCase(99, false, true)]
    [TestCase(100, false, false)]
    public void Warn_of_an_account_that_the_connection_does_not_reach(int others, bool isReached, bool warns)
    {
        var accounts = Enumerable.Range(1, others).Select(number => $"55{number}").ToList();
        var connection = new ConnectionFacts("microsoft-advertising", Shared: true, Active: true, "account") { AdAccounts = isReached ? [.. accounts, "7"] : accounts };

        var warnings = Destination.Warn(Settings.MicrosoftAdvertising(s => s.AccountId = "7"), 1, connection);

        Assert.That(warnings.Any(warning => warning.Contains("does not reach the ad account 7", StringComparison.Ordinal)), Is.EqualTo(warns));
    }

    private static IEnumerable<string> Check(DestinationSettings settings)
    {
        var violations = new Violations();
        Destination.Check(settings, Attributes, violations);
        return FieldsOf(violations);
    }

    private static IEnumerable<string> CheckSegments(params (string Name, string DisplayName)[] segments)
    {
        var violations = new Violations();
        var facts = segments.ToDictionary(segment => segment.Name, segment => new SegmentFacts(Active: true, 1, 1) { DisplayName = segment.DisplayName });
        Destination.CheckSegments([.. segments.Select(segment => segment.Name)], facts, violations);
        return FieldsOf(violations);
    }

    private static IEnumerable<string> FieldsOf(Violations violations) => violations.None ? [] : violations.ToRefusal().Violations.Select(violation => violation.Field);

    private static TestCaseData Case(string name, Action<MicrosoftAdvertisingExport> change, string field) => new TestCaseData(change, field).SetArgDisplayNames(name);
}
