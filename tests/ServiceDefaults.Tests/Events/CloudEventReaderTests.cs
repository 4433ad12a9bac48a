using System.Text;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.ServiceDefaults.Events;

namespace CustomerInsights.ServiceDefaults.Tests.Events;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class CloudEventReaderTests
{
    private const string Least = """{"specversion":"1.0","id":"1","source":"/somebody","type":"t"}""";

    [Test]
    public void Read_takes_the_least_that_a_CloudEvent_may_be()
    {
        var (read, _) = Read(Least);

        Assert.That(read, Is.EqualTo(new CloudEvent("1", "/somebody", "t", "", null, null, "{}")));
    }

    [Test]
    public void Read_returns_what_was_written()
    {
        var written = new CloudEvent(
            "1", "/x", "com.example.x.v1", "environments/a/segments/b", new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero), "00-a-b-01", """{"name":"ä\"b"}""");

        var (read, _) = CloudEventReader.Read(written.ToUtf8());

        Assert.That(read, Is.EqualTo(written));
    }

    [TestCase("\uFEFF" + Least)]
    [TestCase("""{"specversion":"1.0","id":"1","source":"/somebody","type":"t","unknown":{"a":[1]},"traceid":null,"pubsubname":"x","subject":null}""")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"/somebody","type":"t","datacontenttype":"application/json; charset=utf-8","data":{}}""")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"/somebody","type":"t","datacontenttype":"application/vnd.x+json","data":{}}""")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"/somebody","type":"t","data_base64":"e30="}""")]
    public void Read_is_tolerant(string body) => Assert.That(Read(body).Event?.Data, Is.EqualTo("{}"));

    [TestCase("2026-01-02T03:04:05Z", 3)]
    [TestCase("2026-01-02T03:04:05.123456789+02:00", 1)]
    public void Read_takes_times_of_any_offset(string time, int hour)
    {
        var (read, _) = Read($$"""{"specversion":"1.0","id":"1","source":"/s","type":"t","time":"{{time}}"}""");

        Assert.That(read!.Time!.Value, Has.Property("Hour").EqualTo(hour).And.Property("Offset").EqualTo(TimeSpan.Zero));
    }

    [TestCase("", "NOT_JSON")]
    [TestCase("{", "NOT_JSON")]
    [TestCase("<event/>", "NOT_JSON")]
    [TestCase("""{"specversion":"1.0","id":"\ud800","source":"/s","type":"t"}""", "NOT_JSON")]
    [TestCase("[]", "NOT_A_CLOUDEVENT")]
    [TestCase("{}", "NOT_A_CLOUDEVENT")]
    [TestCase("""{"specversion":"0.3","id":"1","source":"/s","type":"t"}""", "NOT_A_CLOUDEVENT")]
    [TestCase("""{"specversion":"1.0","id":"","source":"/s","type":"t"}""", "NOT_A_CLOUDEVENT")]
    [TestCase("""{"specversion":"1.0","id":1,"source":"/s","type":"t"}""", "NOT_A_CLOUDEVENT")]
    [TestCase("""{"specversion":"1.0","id":"a\u0000b","source":"/s","type":"t"}""", "NOT_A_CLOUDEVENT")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"/s"}""", "NOT_A_CLOUDEVENT")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":5}""", "NOT_A_CLOUDEVENT")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"/s","type":"t","time":"yesterday"}""", "INVALID_TIME")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"text/plain","data":"x"}""", "DATA_NOT_JSON")]
    [TestCase("""{"specversion":"1.0","id":"1","source":"/s","type":"t","data_base64":"?"}""", "DATA_NOT_JSON")]
    public void Read_says_what_is_wrong(string body, string reason) => Assert.That(Read(body), Is.EqualTo(((CloudEvent?)null, reason)));

    [Test]
    public void Read_refuses_more_than_64_KiB()
    {
        var body = Least.Replace("\"t\"", $"\"t\",\"data\":\"{new string('x', 64 * 1024)}\"", StringComparison.Ordinal);

        Assert.That(Read(body).Reason, Is.EqualTo("TOO_LARGE"));
    }

    [Test]
    public void Data_ignores_fields_of_later_versions()
    {
        var data = EventJson.Parse<SegmentRefreshed>("""{"segment":"environments/a/segments/b","version":"7","memberCount":8,"later":{"x":1}}""");

        Assert.That(data, Is.EqualTo(new SegmentRefreshed { Segment = "environments/a/segments/b", Version = 7, MemberCount = 8 }));
    }

    [TestCase("[]")]
    [TestCase("5")]
    [TestCase("""{"version":"many"}""")]
    [TestCase("""{"version":"99999999999999999999"}""")]
    [TestCase("""{"refreshTime":"yesterday"}""")]
    public void Data_that_is_no_such_message_is_null(string json) => Assert.That(EventJson.Parse<SegmentRefreshed>(json), Is.Null);

    private static (CloudEvent? Event, string Reason) Read(string body) => CloudEventReader.Read(Encoding.UTF8.GetBytes(body));
}
