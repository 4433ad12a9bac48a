using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using Wire = CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Exports.Tests.Defining;

[Parallelizable(ParallelScope.All)]
internal sealed class BrazeDestinationTypeTests
{
    private const string Identifier = "export.braze.segment_api_identifier";
    private const string Email = "export.braze.email_attribute";
    private const string ExternalId = "export.braze.external_id_attribute";

    private static readonly BrazeDestinationType Braze = new();
    private static readonly ProfileAttributes Attributes = new(new Dictionary<string, AttributeType>
    {
        ["Email"] = AttributeType.String,
        ["BrazeId"] = AttributeType.String,
        ["Name"] = AttributeType.String,
        ["Spent"] = AttributeType.Number,
        ["Born"] = AttributeType.Date,
        ["Vip"] = AttributeType.Boolean,
    });

    private static IEnumerable<TestCaseData> Wrong()
    {
        yield return Case("identifier_missing", b => b.SegmentApiIdentifier = "", Identifier);
        yield return Case("identifier_with_white_space", b => b.SegmentApiIdentifier = "a b", Identifier);
        yield return Case("identifier_with_a_control_character", b => b.SegmentApiIdentifier = "a\u0001b", Identifier);
        yield return Case("identifier_too_long", b => b.SegmentApiIdentifier = new string('a', 256), Identifier);
        yield return Case("identifier_of_a_field_of_Braze", b => b.SegmentApiIdentifier = "email", Identifier);
        yield return Case("identifier_of_a_field_of_Braze_in_another_case", b => b.SegmentApiIdentifier = "Email_Subscribe", Identifier);
        yield return Case("email_unmapped", b => b.EmailAttribute = "", Email);
        yield return Case("email_unknown", b => b.EmailAttribute = "email", Email);
        yield return Case("email_of_a_wrong_type", b => b.EmailAttribute = "Spent", Email);
        yield return Case("external_id_unmapped", b => b.ExternalIdAttribute = "", ExternalId);
        yield return Case("external_id_of_a_wrong_type", b => b.ExternalIdAttribute = "Vip", ExternalId);
        yield return Case("external_id_mapped_and_created_anew", b => b.CreateAllAsNew = true, "export.braze.create_all_as_new");
        yield return Case("nobody_to_reach", b => (b.ExternalIdAttribute, b.CreateAllAsNew, b.UpdateExistingOnly) = ("", true, true), "export.braze.update_existing_only");
        yield return Case("field_without_a_name", b => b.FieldAttributes[""] = "Name", Field(""));
        yield return Case("field_with_white_space", b => b.FieldAttributes["a b"] = "Name", Field("a b"));
        yield return Case("field_that_exports_do_not_write", b => b.FieldAttributes["email_subscribe"] = "Name", Field("email_subscribe"));
        yield return Case("field_in_another_case", b => b.FieldAttributes["First_Name"] = "Name", Field("First_Name"));
        yield return Case("field_of_the_membership", b => b.FieldAttributes["vip-2026"] = "Name", Field("vip-2026"));
        yield return Case("field_without_attribute", b => b.FieldAttributes["tier"] = "", Field("tier"));
        yield return Case("field_of_an_unknown_attribute", b => b.FieldAttributes["tier"] = "Tier", Field("tier"));
        yield return Case("field_of_a_wrong_type", b => b.FieldAttributes["first_name"] = "Spent", Field("first_name"));
        yield return Case("birthday_of_a_wrong_type", b => b.FieldAttributes["dob"] = "Vip", Field("dob"));
        yield return Case("unknown_shape", b => b.AttributeShape = (BrazeAttributeShape)9, "export.braze.attribute_shape");
        yield return Case("unknown_removal", b => b.OnRemoval = (BrazeOnRemoval)9, "export.braze.on_removal");
        yield return Case("too_many_fields", b => FillFields(b, 41), "export.braze.field_attributes");
        yield return Case(
            "literal_name_as_field",
            b => (b.AttributeShape, b.FieldAttributes["Segment_API_Identifier"]) = (BrazeAttributeShape.LiteralName, "Name"),
            Field("Segment_API_Identifier"));
    }

    [TestCaseSource(nameof(Wrong))]
    public void Check_names_the_wrong_field(Action<BrazeExport> change, string field) =>
        Assert.That(Check(Settings.Braze(change)), Is.EqualTo(new[] { field }));

    private static IEnumerable<TestCaseData> Right()
    {
        yield return Case("plain", _ => { });
        yield return Case("longest_identifier", b => b.SegmentApiIdentifier = new string('a', 255));
        yield return Case("literal_shape_with_a_reserved_identifier", b => (b.SegmentApiIdentifier, b.AttributeShape) = ("email", BrazeAttributeShape.LiteralName));
        yield return Case("created_anew", b => (b.ExternalIdAttribute, b.CreateAllAsNew) = ("", true));
        yield return Case("fields_of_Braze", b => (b.FieldAttributes["first_name"], b.FieldAttributes["dob"]) = ("Name", "Born"));
        yield return Case("custom_attributes_of_every_type", b => (b.FieldAttributes["spent"], b.FieldAttributes["vip"]) = ("Spent", "Vip"));
        yield return Case("most_fields", b => FillFields(b, 40));
    }

    [TestCaseSource(nameof(Right))]
    public void Check_accepts(Action<BrazeExport> change) => Assert.That(Check(Settings.Braze(change)), Is.Empty);

    [Test]
    public void Check_finds_all_problems_at_once() => Assert.That(
        Check(Settings.Braze(b => (b.SegmentApiIdentifier, b.EmailAttribute, b.ExternalIdAttribute) = ("", "", ""))),
        Is.EqualTo(new[] { Identifier, Email, ExternalId }));

    [Test]
    public void Read_fills_defaults_in_and_Write_returns_them()
    {
        var export = new Wire.Export();
        Braze.Write(Settings.Braze(b => b.FieldAttributes["tier"] = "Name"), export);

        Assert.That(export.Braze, Is.EqualTo(Settings.BrazeMessage(b =>
        {
            b.FieldAttributes["tier"] = "Name";
            b.AttributeShape = BrazeAttributeShape.NamedByIdentifier;
            b.OnRemoval = BrazeOnRemoval.Null;
        })));
    }

    [Test]
    public void Read_of_an_export_without_settings_is_null() => Assert.That(Braze.Read(new Wire.Export()), Is.Null);

    [TestCase(1_000_000, 0)]
    [TestCase(1_000_001, 1)]
    public void Warn_of_size_beyond_the_documented(long members, int warnings) =>
        Assert.That(Braze.Warn(Settings.Braze(), members, connection: null).Count(), Is.EqualTo(warnings));

    [Test]
    public void Warn_of_what_may_surprise()
    {
        Assert.That(Braze.Warn(Settings.Braze(b => b.AttributeShape = BrazeAttributeShape.LiteralName), 1, connection: null).Single(), Does.Contain("overwrite"));
        Assert.That(Braze.Warn(Settings.Braze(b => (b.ExternalIdAttribute, b.CreateAllAsNew) = ("", true)), 1, connection: null).Single(), Does.Contain("anew"));
    }

    private static IEnumerable<string> Check(DestinationSettings settings)
    {
        var violations = new Violations();
        Braze.Check(settings, Attributes, violations);
        return violations.None ? [] : violations.ToRefusal().Violations.Select(violation => violation.Field);
    }

    private static void FillFields(BrazeExport braze, int count)
    {
        for (var i = 0; i < count; i++)
        {
            braze.FieldAttributes[$"field-{i}"] = "Name";
        }
    }

    private static string Field(string name) => $"export.braze.field_attributes[\"{name}\"]";

    private static TestCaseData Case(string name, Action<BrazeExport> change, string? field = null) =>
        (field is null ? new TestCaseData(change) : new TestCaseData(change, field)).SetArgDisplayNames(name);
}
