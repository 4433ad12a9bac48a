using System.Text;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Sidecar;
using Dapr.Runtime.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace CustomerInsights.ServiceDefaults.Tests.Sidecar;

[Parallelizable(ParallelScope.All)]
internal sealed class DeliveredEventTests
{
    [Test]
    public void Event_is_read_as_it_was_published()
    {
        var request = Delivered("""{"version":"3"}""");
        request.Extensions = new Struct
        {
            Fields =
            {
                ["subject"] = Value.ForString("environments/a/segments/b"),
                ["time"] = Value.ForString("2026-11-25T10:00:00Z"),
                ["traceparent"] = Value.ForString("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                ["traceid"] = Value.ForString("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                ["pubsubname"] = Value.ForString("pubsub"),
                ["count"] = Value.ForNumber(3),
            },
        };

        var (read, refusal) = CloudEventReader.Read(DeliveredEvent.ToUtf8(request));

        Assert.That(refusal, Is.Empty);
        Assert.That(
            (read!.Id, read.Source, read.Type, read.Subject, read.TraceParent, read.Data),
            Is.EqualTo(("1", "/s", "t", "environments/a/segments/b", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", """{"version":"3"}""")));
    }

    [TestCase("no json")]
    [TestCase("""{"a":1} {"b":2}""")]
    [TestCase("")]
    [TestCase("""{"a":""")]
    public void Data_that_is_no_JSON_reaches_the_reader_and_breaks_nothing(string data)
    {
        var whole = DeliveredEvent.ToUtf8(Delivered(data));
        Assert.That(() => System.Text.Json.JsonDocument.Parse(whole).Dispose(), Throws.Nothing, Encoding.UTF8.GetString(whole));
    }

    [Test]
    public void Extension_that_is_no_text_is_left_out()
    {
        var request = Delivered("{}");
        request.Extensions = new Struct { Fields = { ["subject"] = Value.ForNumber(1), ["time"] = Value.ForNull() } };
        var (read, refusal) = CloudEventReader.Read(DeliveredEvent.ToUtf8(request));
        Assert.That((refusal, read!.Subject), Is.EqualTo(("", "")));
    }

    private static TopicEventRequest Delivered(string data) => new()
    {
        Id = "1", Source = "/s", Type = "t", SpecVersion = "1.0", DataContentType = "application/json", Data = ByteString.CopyFromUtf8(data),
    };
}
