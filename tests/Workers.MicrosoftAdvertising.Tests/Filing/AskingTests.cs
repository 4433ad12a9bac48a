using CustomerInsights.Destinations;

namespace CustomerInsights.Workers.MicrosoftAdvertising.Filing;

[Parallelizable(ParallelScope.All)]
public sealed class AskingTests
{
    // MSA-23: a minute for 10,000 rows, and no more than a minute between two questions.
    [TestCase(0, 0, ExpectedResult = 5)]
    [TestCase(500, 0, ExpectedResult = 5)]
    [TestCase(2_000, 0, ExpectedResult = 12)]
    [TestCase(2_000, 1, ExpectedResult = 24)]
    [TestCase(2_000, 3, ExpectedResult = 60)]
    [TestCase(10_000, 0, ExpectedResult = 60)]
    [TestCase(4_000_000, 0, ExpectedResult = 60)]
    [TestCase(4_000_000, 1_000_000, ExpectedResult = 60)]
    public double Questions_begin_the_later_the_more_rows_there_are(long rows, long asked) => Files(new MicrosoftAdvertisingOptions()).AskAfter(rows, asked).TotalSeconds;

    [Test]
    public void An_installation_may_ask_more_often() =>
        Assert.That(Files(new MicrosoftAdvertisingOptions { LongestAsk = TimeSpan.FromSeconds(1) }).AskAfter(4_000_000, 0), Is.EqualTo(TimeSpan.FromSeconds(1)));

    private static MicrosoftAdvertisingFiles Files(MicrosoftAdvertisingOptions options) =>
        new(null!, null!, null!, new FileSettings(new Uri(options.BulkAddress), new FileLimits(1, 1, null), options, TimeProvider.System));
}
