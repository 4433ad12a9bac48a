using System.Globalization;
using CustomerInsights.Segments.Importing;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Segments.Tests.Importing;

[Parallelizable(ParallelScope.All)]
public sealed class IsoDateTests
{
    [TestCase("2024-05-31", "2024-05-31T00:00:00.000000")]
    [TestCase("2024-02-29", "2024-02-29T00:00:00.000000")]
    [TestCase("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999")]
    [TestCase("2024-05-31T08:30", "2024-05-31T08:30:00.000000")]
    [TestCase("2024-05-31 08:30:15", "2024-05-31T08:30:15.000000")]
    [TestCase("2024-05-31T08:30:15.1Z", "2024-05-31T08:30:15.100000")]
    [TestCase("2024-05-31T08:30:15.1234569Z", "2024-05-31T08:30:15.123456")]
    [TestCase("2024-05-31T08:30:15+02:00", "2024-05-31T06:30:15.000000")]
    [TestCase("2024-05-31T08:30:15-0130", "2024-05-31T10:00:15.000000")]
    [TestCase("0001-01-01", "0001-01-01T00:00:00.000000")]
    [TestCase("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999")]
    public void Dates_are_read_as_utc(string text, string expected)
    {
        Assert.That(IsoDate.TryParse(text, out var microseconds), Is.True);
        var read = Timestamps.FromMicroseconds(microseconds).ToString("yyyy-MM-ddTHH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        Assert.That(read, Is.EqualTo(expected));
    }

    [TestCase("")]
    [TestCase("2024")]
    [TestCase("2024-5-31")]
    [TestCase("31.05.2024")]
    [TestCase("2024-02-30")]
    [TestCase("2024-13-01")]
    [TestCase("0000-01-01")]
    [TestCase("2024-05-31T")]
    [TestCase("2024-05-31T24:00")]
    [TestCase("2024-05-31T08:60")]
    [TestCase("2024-05-31T08:30:60")]
    [TestCase("2024-05-31T08:30:15.")]
    [TestCase("2024-05-31T08:30:15Zx")]
    [TestCase("2024-05-31T08:30:15+2")]
    [TestCase("2024-05-31T08:30:15+15:00")]
    [TestCase("0001-01-01T00:00:00+01:00")]
    [TestCase(" 2024-05-31")]
    public void Anything_else_is_refused(string text) => Assert.That(IsoDate.TryParse(text, out _), Is.False);
}
