using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using Wire = CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Exports.Tests.Defining;

[Parallelizable(ParallelScope.All)]
internal sealed class WebhookDestinationTypeTests
{
    private const string Prefix = "export.webhook";

    private static readonly WebhookDestinationType Destination = new();
    private static readonly ProfileAttributes Attributes = new(new Dictionary<string, AttributeType> { ["Email"] = AttributeType.String, ["Spent"] = AttributeType.Number });

    private static IEnumerable<TestCaseData> Wrong()
    {
        yield return Case("key_unknown", s => s.KeyAttribute = "email", "key_attribute");
        yield return Case("key_of_a_wrong_type", s => s.KeyAttribute = "Spent", "key_attribute");
        yield return Case("too_many_fields", s => AddFields(s, 41), "attributes");
        yield return Case("field_without_a_name", s => s.Attributes[""] = "Email", "attributes[\"\"]");
        yield return Case("field_with_a_long_name", s => s.Attributes[new string('n', 101)] = "Email", $"attributes[\"{new string('n', 101)}\"]");
        yield return Case("field_with_a_line_break", s => s.Attributes["a\nb"] = "Email", "attributes[\"a\nb\"]");
        yield return Case("field_without_an_attribute", s => s.Attributes["a"] = "", "attributes[\"a\"]");
        yield return Case("field_of_an_unknown_attribute", s => s.Attributes["a"] = "Nothing", "attributes[\"a\"]");
        yield return Case("rows_negative", s => s.RowsPerRequest = -1, "rows_per_request");
        yield return Case("too_many_rows", s => s.RowsPerRequest = 1_001, "rows_per_request");
    }

    [TestCaseSource(nameof(Wrong))]
    public void Check_names_the_wrong_field(Action<WebhookExport> change, string field) => Assert.That(Check(change), Is.EqualTo(new[] { $"{Prefix}.{field}" }));

    [Test]
    public void Nothing_is_required() => Assert.That(Check(_ => { }), Is.Empty);

    [Test]
    public void All_that_is_allowed() => Assert.That(
        Check(s =>
        {
            (s.KeyAttribute, s.RowsPerRequest, s.SendRemovals) = ("Email", 1_000, false);
            AddFields(s, 40);
        }),
        Is.Empty);

    [Test]
    public void Defaults_are_filled_in()
    {
        var export = new Wire.Export();
        Destination.Write(Read(_ => { }), export);
        Assert.That(export.Webhook, Is.EqualTo(new WebhookExport { RowsPerRequest = 500, SendRemovals = true }));
        Destination.Write(Read(s => (s.RowsPerRequest, s.SendRemovals) = (7, false)), export);
        Assert.That(export.Webhook, Is.EqualTo(new WebhookExport { RowsPerRequest = 7, SendRemovals = false }));
    }

    [Test]
    public void Read_of_an_export_of_another_type_is_null() => Assert.That(Destination.Read(new Wire.Export { Braze = new BrazeExport() }), Is.Null);

    [Test]
    public void No_other_export_writes_its_audience() => Assert.That(Destination.AudiencesOf(Read(_ => { }), ["environments/e/segments/s"]), Is.Empty);

    [TestCase(true, 0)]
    [TestCase(false, 1)]
    public void Warn_of_members_who_stay(bool sendRemovals, int warnings) => Assert.That(Destination.Warn(Read(s => s.SendRemovals = sendRemovals), 1, connection: null).Count(), Is.EqualTo(warnings));

    [Test]
    public void Runs_go_to_the_worker_of_the_type() =>
        Assert.That((Destination.Worker, Destination.RunTopic, Destination.Field), Is.EqualTo(("worker-webhook", "exports.webhook-run-requested.v1", "webhook")));

    private static DestinationSettings Read(Action<WebhookExport> change)
    {
        var webhook = new WebhookExport();
        change(webhook);
        return Destination.Read(new Wire.Export { Webhook = webhook })!;
    }

    private static IEnumerable<string> Check(Action<WebhookExport> change)
    {
        var violations = new Violations();
        Destination.Check(Read(change), Attributes, violations);
        return violations.None ? [] : violations.ToRefusal().Violations.Select(violation => violation.Field);
    }

    private static void AddFields(WebhookExport settings, int count)
    {
        foreach (var number in Enumerable.Range(0, count))
        {
            settings.Attributes[$"field {number}"] = "Spent";
        }
    }

    private static TestCaseData Case(string name, Action<WebhookExport> change, string field) => new TestCaseData(change, field).SetArgDisplayNames(name);
}
