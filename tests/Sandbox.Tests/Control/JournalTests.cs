namespace CustomerInsights.Sandbox.Control;

[Parallelizable(ParallelScope.All)]
public sealed class JournalTests
{
    [Test]
    public void Oldest_entries_go_first_and_the_reader_is_told()
    {
        var journal = Of(maxEntries: 3, maxBytes: long.MaxValue);
        Fill(journal, 5);
        var (entries, dropped) = journal.Read(after: 0, limit: 10);
        Assert.That(entries.Select(e => e.Sequence), Is.EqualTo(new[] { 3, 4, 5 }));
        Assert.That(dropped, Is.EqualTo(2));
        Assert.That(journal.Read(after: 4, limit: 10).Dropped, Is.Zero);
    }

    [Test]
    public void Memory_is_capped_too()
    {
        var journal = Of(maxEntries: 100, maxBytes: 10_000);
        Fill(journal, 50, weight: 1_000);
        Assert.That(journal.Read(0, 100).Entries, Has.Count.EqualTo(10));
    }

    [Test]
    public void Sequence_goes_on_after_clearing()
    {
        var journal = Of(10, long.MaxValue);
        Fill(journal, 2);
        journal.Clear();
        Fill(journal, 1);
        Assert.That(journal.Read(2, 10).Entries.Single().Sequence, Is.EqualTo(3));
    }

    private static Journal<int> Of(int maxEntries, long maxBytes) => new(maxEntries, maxBytes, weight => weight);

    private static void Fill(Journal<int> journal, int count, int weight = 1)
    {
        for (var i = 0; i < count; i++)
        {
            journal.Add(weight);
        }
    }
}
