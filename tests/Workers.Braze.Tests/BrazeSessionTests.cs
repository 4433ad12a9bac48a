using System.Buffers;
using System.Text;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Mapping;
using Google.Protobuf.WellKnownTypes;

namespace CustomerInsights.Workers.Braze;

[Parallelizable(ParallelScope.All)]
public sealed class BrazeSessionTests
{
    private const string Identifier = "seg-7";

    [Test]
    public void The_attributes_asked_for_are_those_that_are_mapped_each_once()
    {
        var session = Session(export => export.FieldAttributes.Add(new Dictionary<string, string> { ["nickname"] = "Email", ["city"] = "City" }));
        Assert.That(session.Attributes, Is.EqualTo(new[] { "Email", "BrazeId", "City" }));
        Assert.That(session.Audiences.Single(), Is.EqualTo(new Audience(Identifier, ["environments/e/segments/s"])).Using<Audience>((x, y) => x.Key == y.Key && x.Segments.SequenceEqual(y.Segments)));
    }

    [Test]
    public void A_member_is_written_with_its_external_id_address_and_membership() =>
        Assert.That(Map(Session(), Member("ada@example.com", "b-1")), Is.EqualTo("""{"external_id":"b-1","email":"ada@example.com","seg-7":true}"""));

    [Test]
    public void The_literal_shape_names_the_identifier_as_value()
    {
        var session = Session(export => export.AttributeShape = BrazeAttributeShape.LiteralName);
        Assert.That(Map(session, Member("ada@example.com", "b-1")), Is.EqualTo("""{"external_id":"b-1","email":"ada@example.com","Segment_API_Identifier":"seg-7"}"""));
        Assert.That(session.Audiences.Single().Key, Is.EqualTo("Segment_API_Identifier"));
    }

    [TestCase("")]
    [TestCase("  ")]
    [TestCase(null)]
    public void A_member_without_external_id_is_an_alias_user(string? externalId)
    {
        var (text, mapped) = MapFully(Session(), Member("ada@example.com", externalId));
        Assert.That(text, Is.EqualTo("""{"user_alias":{"alias_name":"c-1","alias_label":"customer_insights"},"_update_existing_only":false,"email":"ada@example.com","seg-7":true}"""));
        Assert.That(mapped.Key, Is.EqualTo("alias:c-1"));
    }

    [Test]
    public void Without_a_mapped_external_id_every_member_is_an_alias_user()
    {
        var session = Session(export => (export.ExternalIdAttribute, export.CreateAllAsNew) = ("", true));
        Assert.That(session.Attributes, Is.EqualTo(new[] { "Email" }));
        Assert.That(Map(session, new Member { CustomerId = "c-9", Values = { Text("ada@example.com") } }), Does.StartWith("""{"user_alias":{"alias_name":"c-9","""));
    }

    [Test]
    public void Updating_only_is_said_for_both_kinds_of_users()
    {
        var session = Session(export => export.UpdateExistingOnly = true);
        Assert.That(Map(session, Member("ada@example.com", "b-1")), Is.EqualTo("""{"external_id":"b-1","_update_existing_only":true,"email":"ada@example.com","seg-7":true}"""));
        Assert.That(Map(session, Member("ada@example.com", "")), Does.Contain("\"_update_existing_only\":true"));
    }

    [TestCase(null, "EMAIL_MISSING")]
    [TestCase("", "EMAIL_MISSING")]
    [TestCase("   ", "EMAIL_MISSING")]
    [TestCase("ada", "EMAIL_INVALID")]
    public void A_member_without_a_valid_address_is_skipped(string? email, string reason)
    {
        var refusal = MapFully(Session(), Member(email, "b-1")).Mapped.Refusal;
        Assert.That(refusal, Is.EqualTo(new MappingRefusal(reason, WantsAddress: true)));
    }

    [Test]
    public void White_space_around_an_address_is_no_part_of_it() =>
        Assert.That(Map(Session(), Member(" ada@example.com\t", "b-1")), Does.Contain("\"email\":\"ada@example.com\""));

    [TestCase(987, null)]
    [TestCase(988, "EXTERNAL_ID_TOO_LARGE")]
    public void An_external_id_has_at_most_987_bytes(int bytes, string? reason)
    {
        var id = "é" + new string('x', bytes - 2);
        Assert.That(MapFully(Session(), Member("ada@example.com", id)).Mapped.Refusal?.Reason, Is.EqualTo(reason));
    }

    [Test]
    public void Fields_are_written_by_their_types()
    {
        var session = Session(export => export.FieldAttributes.Add(new Dictionary<string, string>
        {
            ["dob"] = "Born", ["phone"] = "Phone", ["first_name"] = "Name", ["seen"] = "Seen", ["points"] = "Points", ["share"] = "Share", ["vip"] = "Vip", ["nothing"] = "Nothing",
        }));
        var at = new DateTimeOffset(1990, 2, 3, 4, 5, 6, TimeSpan.Zero);
        var values = new Dictionary<string, AttributeValue>
        {
            ["Email"] = Text("ada@example.com"),
            ["BrazeId"] = new() { NumberValue = 12345678 },
            ["Born"] = new() { DateValue = Timestamp.FromDateTimeOffset(at) },
            ["Phone"] = new() { NumberValue = 491701234567 },
            ["Name"] = Text("Ada \"the\" Größte <&> 日本"),
            ["Seen"] = new() { DateValue = Timestamp.FromDateTimeOffset(at.AddMilliseconds(7)) },
            ["Points"] = new() { NumberValue = 120 },
            ["Share"] = new() { NumberValue = 0.25 },
            ["Vip"] = new() { BooleanValue = false },
            ["Nothing"] = new(),
        };
        var member = new Member { CustomerId = "c-1", Values = { session.Attributes.Select(name => values[name]) } };
        Assert.That(Map(session, member), Is.EqualTo(
            """{"external_id":"12345678","email":"ada@example.com","seg-7":true,"dob":"1990-02-03","first_name":"Ada \"the\" Größte <&> 日本","phone":"491701234567","points":120,"seen":"1990-02-03T04:05:06.007Z","share":0.25,"vip":false}"""));
    }

    [Test]
    public void A_field_that_was_sent_before_and_is_empty_now_is_cleared_without_changing_what_is_compared()
    {
        var session = Session(export => export.FieldAttributes.Add(new Dictionary<string, string> { ["city"] = "City", ["country"] = "Country" }));
        var full = MapFully(session, Member("ada@example.com", "b-1", Text("Ulm"), Text("DE")));
        var standing = new StandingDelivery(full.Mapped.Key, full.Mapped.Fields);
        var fewer = Member("ada@example.com", "b-1", new AttributeValue(), Text("DE"));
        var cleared = MapFully(session, fewer, standing);
        var fresh = MapFully(session, fewer);
        Assert.That(cleared.Text, Is.EqualTo("""{"external_id":"b-1","email":"ada@example.com","seg-7":true,"country":"DE","city":null}"""));
        Assert.That(cleared.Text[..cleared.Mapped.ComparedBytes], Is.EqualTo(fresh.Text[..fresh.Mapped.ComparedBytes]), "sent once, and not again");
        Assert.That(cleared.Mapped.Fields, Is.EqualTo(fresh.Mapped.Fields));
        Assert.That(MapFully(session, fewer, standing with { Key = "external:b-2" }).Text, Is.EqualTo(fresh.Text), "another user has nothing to clear");
    }

    [Test]
    public void What_a_field_is_remembered_by_does_not_depend_on_the_other_fields()
    {
        var few = MapFully(Session(export => export.FieldAttributes.Add("country", "Country")), Member("ada@example.com", "b-1", Text("DE")));
        var more = MapFully(
            Session(export => export.FieldAttributes.Add(new Dictionary<string, string> { ["city"] = "City", ["country"] = "Country" })),
            Member("ada@example.com", "b-1", new AttributeValue(), Text("DE")));
        Assert.That(few.Mapped.Fields, Is.EqualTo(more.Mapped.Fields).And.Not.Zero);
    }

    [TestCase(BrazeOnRemoval.Unspecified, """{"external_id":"b-1","_update_existing_only":true,"seg-7":null}""")]
    [TestCase(BrazeOnRemoval.Null, """{"external_id":"b-1","_update_existing_only":true,"seg-7":null}""")]
    [TestCase(BrazeOnRemoval.False, """{"external_id":"b-1","_update_existing_only":true,"seg-7":false}""")]
    [TestCase(BrazeOnRemoval.Keep, null)]
    public void A_leaver_gets_what_the_export_says_and_is_never_created(BrazeOnRemoval onRemoval, string? expected) =>
        Assert.That(MapRemoval(Session(export => export.OnRemoval = onRemoval), Identifier, "external:b-1"), Is.EqualTo(expected));

    [Test]
    public void An_alias_user_leaves_an_earlier_audience_by_its_old_name() =>
        Assert.That(
            MapRemoval(Session(), "old \"name\"", "alias:c-1"),
            Is.EqualTo("""{"user_alias":{"alias_name":"c-1","alias_label":"customer_insights"},"_update_existing_only":true,"old \"name\"":null}"""));

    [Test]
    public void The_definition_changes_with_what_members_get_and_not_with_what_leavers_get()
    {
        string[] definitions =
        [
            Session().Definition,
            Session(export => export.EmailAttribute = "Other").Definition,
            Session(export => export.SegmentApiIdentifier = "other").Definition,
            Session(export => export.UpdateExistingOnly = true).Definition,
            Session(export => export.FieldAttributes.Add("city", "City")).Definition,
            Session(export => export.FieldAttributes.Add("city", "Town")).Definition,
        ];
        Assert.That(definitions, Is.Unique);
        Assert.That(Session(export => export.OnRemoval = BrazeOnRemoval.False).Definition, Is.EqualTo(definitions[0]));
    }

    // The marks of these names are the same bit.
    [TestCase("last_name", "home_city")]
    [TestCase("phone", "plan")]
    public void A_field_is_cleared_although_another_one_with_the_same_mark_is_still_set(string one, string other)
    {
        var session = Session(export => export.FieldAttributes.Add(new Dictionary<string, string> { [one] = "One", [other] = "Other" }));
        foreach (var (kept, cleared) in new[] { (one, other), (other, one) })
        {
            var full = MapFully(session, With("a", "b"));
            var fewer = kept == one ? With("a", null) : With(null, "b");
            var text = MapFully(session, fewer, new StandingDelivery(full.Mapped.Key, full.Mapped.Fields)).Text;
            Assert.That(text, Does.Contain($"\"{cleared}\":null").And.Not.Contain($"\"{kept}\":null"));
        }

        Member With(string? ofOne, string? ofOther) => Member(
            "ada@example.com", "b-1", [.. session.Attributes.Skip(2).Select(attribute => Text(attribute == "One" ? ofOne : ofOther))]);
    }

    private static BrazeSession Session(Action<BrazeExport>? change = null)
    {
        var braze = new BrazeExport { SegmentApiIdentifier = Identifier, EmailAttribute = "Email", ExternalIdAttribute = "BrazeId" };
        change?.Invoke(braze);
        return new BrazeSession(new Export { Braze = braze, Segments = { "environments/e/segments/s" } }, null!, BrazeLimits.Of(new BrazeOptions()));
    }

    private static AttributeValue Text(string? text) => text is null ? new AttributeValue() : new AttributeValue { StringValue = text };

    private static Member Member(string? email, string? externalId, params AttributeValue[] fields) =>
        new() { CustomerId = "c-1", Values = { Text(email), Text(externalId), fields } };

    private static string Map(BrazeSession session, Member member) => MapFully(session, member).Text;

    private static (string Text, MappedMember Mapped) MapFully(BrazeSession session, Member member, StandingDelivery? standing = null)
    {
        var payload = new ArrayBufferWriter<byte>();
        var mapped = session.Map(session.Audiences[0].Key, member, standing, payload);
        return (Encoding.UTF8.GetString(payload.WrittenSpan), mapped);
    }

    private static string? MapRemoval(BrazeSession session, string audience, string key)
    {
        var payload = new ArrayBufferWriter<byte>();
        return session.MapRemoval(audience, key, payload) ? Encoding.UTF8.GetString(payload.WrittenSpan) : null;
    }
}
