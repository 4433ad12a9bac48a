namespace CustomerInsights.Destinations.Delivering;

[Parallelizable(ParallelScope.All)]
public sealed class BatchComposerTests
{
    [Test]
    public void A_request_holds_no_more_rows_than_allowed()
    {
        var sizes = Compose(new DestinationLimits(75, 1_000_000, 17, 1, 1, new RateLimit(1, TimeSpan.FromSeconds(1))), Enumerable.Repeat(100, 200));
        Assert.That(sizes.Select(rows => rows.Count), Is.EqualTo(new[] { 75, 75, 50 }));
    }

    [Test]
    public void A_request_is_cut_by_its_exact_bytes()
    {
        // 20 bytes: 4 around, and rows of 7, 8 and again 7 with 1 between them fill it to the byte.
        var limits = new DestinationLimits(75, 20, 4, 1, 1, new RateLimit(1, TimeSpan.FromSeconds(1)));
        Assert.That(Compose(limits, [7, 8, 7, 7, 9]), Is.EqualTo(new[] { new[] { 7, 8 }, [7, 7], [9] }));
        Assert.That(limits.RowBytes, Is.EqualTo(16));
    }

    [Test]
    public void Every_row_goes_out_once_and_in_order_whatever_the_sizes([Random(1, 60, 20)] int seed)
    {
        var random = new Random(seed);
        var limits = new DestinationLimits(random.Next(1, 10), 1_000, random.Next(0, 20), random.Next(0, 2), 1, new RateLimit(1, TimeSpan.FromSeconds(1)));
        var rows = Enumerable.Range(0, random.Next(0, 300)).Select(_ => random.Next(0, limits.RowBytes + 1)).ToList();
        var requests = Compose(limits, rows);
        Assert.That(requests.SelectMany(request => request), Is.EqualTo(rows));
        Assert.That(requests.All(request => request.Count <= limits.RowsPerRequest), Is.True);
        Assert.That(requests.All(request => limits.EnvelopeBytes + request.Sum() + ((request.Count - 1) * limits.SeparatorBytes) <= limits.BodyBytes), Is.True);
    }

    private static List<IReadOnlyList<int>> Compose(DestinationLimits limits, IEnumerable<int> rows)
    {
        var composer = new BatchComposer<int>(limits);
        var requests = rows.Select(row => composer.Add(row, row)).OfType<IReadOnlyList<int>>().ToList();
        return composer.Flush() is { } rest ? [.. requests, rest] : requests;
    }
}
