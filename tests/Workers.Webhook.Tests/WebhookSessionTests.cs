using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations;
using CustomerInsights.Destinations.Mapping;
using Google.Protobuf.WellKnownTypes;

namespace CustomerInsights.Workers.Webhook;

[Parallelizable(ParallelScope.All)]
public sealed partial class WebhookSessionTests
{
    private const string Name = "environments/e/exports/newsletter";

    [Test]
    public void The_attributes_asked_for_are_those_that_are_mapped_each_once()
    {
        var session = Session(export => (export.KeyAttribute, export.Attributes["mail"], export.Attributes["again"]) = ("Email", "Email", "City"));
        Assert.That(session.Attributes, Is.EqualTo(new[] { "Email", "City" }));
        Assert.That((session.Audiences.Single().Key, session.Audiences.Single().Segments.Single()), Is.EqualTo((Name, "environments/e/segments/s")));
    }

    [Test]
    public void Without_a_key_attribute_the_customer_id_is_the_key()
    {
        var (line, mapped) = Map(Session(), "c-1");
        Assert.That(line, Is.EqualTo($$$"""{"audience":"{{{Name}}}","key":"c-1","fields":{},"op":"add"}"""));
        Assert.That((mapped.Key, mapped.Fields), Is.EqualTo(("c-1", 0UL)));
    }

    [Test]
    public void Fields_are_written_by_their_types_and_always()
    {
        var session = Session(export => export.Attributes.Add(new Dictionary<string, string> { ["a"] = "A", ["b"] = "B", ["c"] = "C", ["d"] = "D", ["e"] = "E", ["f"] = "F" }));
        var day = Timestamp.FromDateTimeOffset(new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero));
        var (line, _) = Map(
            session, "c-1", Text("Zoë"), new AttributeValue { NumberValue = 12 }, new AttributeValue { NumberValue = 0.25 }, new AttributeValue { BooleanValue = true }, new AttributeValue { DateValue = day }, new AttributeValue());
        Assert.That(line, Does.Contain("""
            "fields":{"a":"Zoë","b":12,"c":0.25,"d":true,"e":"2026-02-03T04:05:06Z","f":null}
            """));
    }

    [Test]
    public void Added_and_changed_are_told_apart_but_are_the_same_statement()
    {
        var session = Session();
        var (added, first) = Map(session, "c-1");
        var (changed, second) = Map(session, "c-1", new StandingDelivery("c-1", 0));
        Assert.That((added, changed), Is.EqualTo((changed.Replace("change", "add"), added.Replace("add", "change"))));
        Assert.That(added[..first.ComparedBytes], Is.EqualTo(changed[..second.ComparedBytes]));
        Assert.That(Map(session, "c-1", new StandingDelivery("another", 0)).Line, Does.Contain("\"op\":\"add\""), "under this key nobody stands");
    }

    [TestCase("", "KEY_MISSING", true)]
    [TestCase(" ", "KEY_MISSING", true)]
    [TestCase(null, "KEY_MISSING", true)]
    public void A_member_without_a_key_is_skipped(string? key, string reason, bool wantsAddress) =>
        Assert.That(Map(Session(export => export.KeyAttribute = "Key"), "c-1", key is null ? new AttributeValue() : Text(key)).Mapped.Refusal, Is.EqualTo(new MappingRefusal(reason, wantsAddress)));

    [TestCase(1_000, null)]
    [TestCase(1_001, "KEY_TOO_LONG")]
    public void A_key_has_at_most_1000_bytes(int bytes, string? reason) =>
        Assert.That(Map(Session(export => export.KeyAttribute = "Key"), "c-1", Text("é" + new string('k', bytes - 2))).Mapped.Refusal?.Reason, Is.EqualTo(reason));

    // Some readers end a line at more than a line feed.
    [Test]
    public void Whatever_may_be_taken_for_the_end_of_a_line_is_escaped()
    {
        const string Breaks = "a\nb\rc\u0085d\u2028e\u2029f\u000bg\u000ch\u001ci\u001dj\u001ek";
        var session = Session(export => (export.KeyAttribute, export.Attributes["f\u2028"]) = ("Key", "Field"));
        var (line, _) = Map(session, "c-1", Text(Breaks), Text(Breaks));
        Assert.That(LineEnd().IsMatch(line), Is.False, line);
        Assert.That(((string?)JsonNode.Parse(line)!["key"], (string?)JsonNode.Parse(line)!["fields"]!["f\u2028"]), Is.EqualTo((Breaks, Breaks)));
    }

    [Test]
    public void Leavers_are_told_by_key_or_not_at_all()
    {
        Assert.That(Remove(Session()), Is.EqualTo($$"""{"audience":"{{Name}}","key":"k-1","op":"remove"}"""));
        Assert.That(Remove(Session(export => export.SendRemovals = true)), Is.Not.Null);
        Assert.That(Remove(Session(export => export.SendRemovals = false)), Is.Null);
    }

    [Test]
    public void Each_line_of_a_body_ends_with_a_line_feed()
    {
        DeliveryOperation[] operations = [new("a", "{\"x\":1}"u8.ToArray()), new("b", "{}"u8.ToArray())];
        var (bytes, length) = WebhookWire.Body(new DeliveryBatch(DeliveryKind.Upsert, Name, operations));
        Assert.That(Encoding.UTF8.GetString(bytes, 0, length), Is.EqualTo("{\"x\":1}\n{}\n"));
        Assert.That(length, Is.EqualTo(operations.Sum(o => o.Payload.Length) + WebhookWire.SeparatorBytes + WebhookWire.EnvelopeBytes), "as the composer reckons");
    }

    [Test]
    public void The_definition_tells_of_what_changes_the_lines_of_members_and_of_nothing_else()
    {
        var definition = Session().Definition;
        Assert.That(Session(export => (export.SendRemovals, export.RowsPerRequest) = (false, 7)).Definition, Is.EqualTo(definition));
        Assert.That(Session(export => export.KeyAttribute = "Key").Definition, Is.Not.EqualTo(definition));
        Assert.That(Session(export => export.Attributes["a"] = "A").Definition, Is.Not.EqualTo(definition));
        Assert.That(
            Session(export => (export.Attributes["a"], export.Attributes["b"]) = ("A", "B")).Definition,
            Is.EqualTo(Session(export => (export.Attributes["b"], export.Attributes["a"]) = ("B", "A")).Definition));
    }

    [TestCase(0, 500)]
    [TestCase(1, 1)]
    [TestCase(1_000, 1_000)]
    [TestCase(1_001, 500)]
    public void Rows_of_a_request(int given, int rows) => Assert.That(Session(export => export.RowsPerRequest = given).Limits.RowsPerRequest, Is.EqualTo(rows));

    private static WebhookSession Session(Action<WebhookExport>? change = null)
    {
        var export = new Export { Name = Name, Segments = { "environments/e/segments/s" }, Webhook = new WebhookExport() };
        change?.Invoke(export.Webhook);
        return new WebhookSession(export, null!, new WebhookOptions());
    }

    private static (string Line, MappedMember Mapped) Map(WebhookSession session, string customerId, params AttributeValue[] values) => Map(session, customerId, null, values);

    private static (string Line, MappedMember Mapped) Map(WebhookSession session, string customerId, StandingDelivery? standing, params AttributeValue[] values)
    {
        var payload = new ArrayBufferWriter<byte>();
        var mapped = session.Map(Name, new Member { CustomerId = customerId, Values = { values } }, standing, payload);
        return (Encoding.UTF8.GetString(payload.WrittenSpan), mapped);
    }

    private static string? Remove(WebhookSession session)
    {
        var payload = new ArrayBufferWriter<byte>();
        return session.MapRemoval(Name, "k-1", payload) ? Encoding.UTF8.GetString(payload.WrittenSpan) : null;
    }

    private static AttributeValue Text(string text) => new() { StringValue = text };

    [GeneratedRegex(@"[\n\v\f\r\u001c-\u001e\u0085\u2028\u2029]")]
    private static partial Regex LineEnd();
}
