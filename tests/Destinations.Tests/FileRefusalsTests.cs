namespace CustomerInsights.Destinations;

[Parallelizable(ParallelScope.All)]
public sealed class FileRefusalsTests
{
    [Test]
    public void A_row_is_refused_once_by_its_first_reason()
    {
        var refusals = new FileRefusals(4);
        Assert.That(refusals.Add(2, "FIRST"), Is.True);
        Assert.That(refusals.Add(2, "SECOND"), Is.True);
        Assert.That((refusals.Count, refusals[2], refusals[1]), Is.EqualTo((1L, "FIRST", (string?)null)));
    }

    [TestCase(-1)]
    [TestCase(4)]
    [TestCase(long.MaxValue)]
    public void A_row_that_the_file_does_not_have_is_told(long row)
    {
        var refusals = new FileRefusals(4);
        Assert.That(refusals.Add(row, "REASON"), Is.False);
        Assert.That(refusals.Count, Is.Zero);
    }

    [Test]
    public void More_reasons_than_can_be_told_apart_lose_no_row()
    {
        var refusals = new FileRefusals(1_000);
        for (var row = 0; row < 1_000; row++)
        {
            refusals.Add(row, $"REASON_{row}");
        }

        Assert.That(refusals.Count, Is.EqualTo(1_000));
        Assert.That(refusals[254], Is.EqualTo("REASON_254"));
        Assert.That(refusals[999], Is.Not.Null);
    }
}
