using System.Text;

namespace CustomerInsights.Quickstart.Sampling;

/// <summary>The two files of the quick start: the customers, and a day later what has changed. Same count and seed, same bytes.</summary>
internal sealed class SampleFiles
{
    /// <summary>What deploy/samples was made with.</summary>
    public const int Count = 10_000;

    public const int Seed = 7;

    /// <summary>Column of the second file that says who is deleted.</summary>
    public const string DeleteColumn = "Deleted";

    private static readonly string[] FirstNames = ["Amber", "Basil", "Cedar", "Clover", "Coral", "Fern", "Hazel", "Indigo", "Juniper", "Maple", "Olive", "Pepper", "Saffron", "Sage", "Topaz", "Willow"];
    private static readonly string[] LastNames = ["Sample", "Example", "Specimen", "Placeholder", "Pattern", "Mockup", "Dummy", "Model"];
    private static readonly string[] Countries = ["AT", "BR", "DE", "DE", "ES", "FR", "FR", "GB", "IN", "JP", "US", "US"];
    private static readonly string[] Cities = ["Sampleton", "Exampleville", "Patternhead", "Testbury", "Mockford", "Placeholder Bay", "Specimen, North", "Old \"Dummy\" Town", "Musterstadt", "Villeexemple"];
    private static readonly DateTime Newest = new(2026, 11, 1, 0, 0, 0, DateTimeKind.Utc);

    private SampleFiles(byte[] customers, byte[] changes) => (Customers, Changes) = (customers, changes);

    /// <summary>customers.csv.</summary>
    public byte[] Customers { get; }

    /// <summary>changes.csv: the changed rows, with a column that says who is deleted.</summary>
    public byte[] Changes { get; }

    /// <param name="count">Customers, at least 1,000.</param>
    /// <param name="seed">Another seed, other customers.</param>
    public static SampleFiles Generate(int count, int seed)
    {
        var sequence = new SeededSequence((ulong)seed);
        var customers = Enumerable.Range(1, count).Select(number => Customer(number, sequence)).ToList();
        return new SampleFiles(
            Csv(SampleCustomer.Columns, customers.Select(c => c.ToCsv())),
            Csv([.. SampleCustomer.Columns, DeleteColumn], Change(customers, sequence)));
    }

    /// <summary>A CSV file.</summary>
    public static byte[] Csv(IEnumerable<string> columns, IEnumerable<string> rows) =>
        new UTF8Encoding(false).GetBytes(string.Join(',', columns) + "\n" + string.Concat(rows.Select(row => row + "\n")));

    /// <summary>One customer.</summary>
    public static SampleCustomer Customer(int number, SeededSequence sequence)
    {
        var first = sequence.Pick(FirstNames);
        var last = $"{sequence.Pick(LastNames)} {number:00000}";
        return new SampleCustomer($"C{number:00000}", $"braze-{number:00000}", first, last)
        {
            Email = $"{first}.{last.Replace(' ', '.')}@example.com".ToLowerInvariant(),
            Country = sequence.Pick(Countries),
            City = sequence.Pick(Cities),
            Birthday = sequence.Next(20) == 0 ? null : new DateOnly(1940, 1, 1).AddDays(sequence.Next(25_000)),
            Points = sequence.Next(10_000),
            Vip = sequence.Next(10) == 0,
            LastPurchase = sequence.Next(10) == 0 ? null : Newest.AddSeconds(-sequence.Next(60_000_000)),
        };
    }

    // Some of everything that a refresh must tell apart. Only the first four kinds concern the destination.
    private static IEnumerable<string> Change(List<SampleCustomer> customers, SeededSequence sequence)
    {
        var shuffled = Shuffle(customers, sequence);
        var members = new Queue<SampleCustomer>(shuffled.Where(c => c.IsBigSpender));
        var others = new Queue<SampleCustomer>(shuffled.Where(c => !c.IsBigSpender && c.Country is "DE" or "FR" or "US"));
        var join = Take(others, 40).Select(c => c with { Points = 9000 });
        var born = Enumerable.Range(customers.Count + 1, 5).Select(number => Customer(number, sequence) with { Country = "FR", Vip = true });
        var leave = Take(members, 30).Select(c => c with { Points = 10, Vip = false });
        var move = Take(members, 25).Select(c => c with { Email = c.Email.Replace("@", ".moved@", StringComparison.Ordinal) });
        var unmapped = Take(members, 20).Select(c => c with { City = "Newtown Sample" });
        var moveOutside = Take(others, 15).Select(c => c with { Email = c.Email.Replace("@", ".moved@", StringComparison.Ordinal) });
        var same = Take(members, 10);
        return [
            .. join.Concat(born).Concat(leave).Concat(move).Concat(unmapped).Concat(moveOutside).Concat(same).Select(c => $"{c.ToCsv()},"),
            .. Take(members, 1).Select(c => $"{c.ToCsv()},true"),
        ];
    }

    private static List<SampleCustomer> Shuffle(List<SampleCustomer> customers, SeededSequence sequence)
    {
        var shuffled = customers.ToList();
        for (var i = shuffled.Count - 1; i > 0; i--)
        {
            var j = sequence.Next(i + 1);
            (shuffled[i], shuffled[j]) = (shuffled[j], shuffled[i]);
        }

        return shuffled;
    }

    private static List<SampleCustomer> Take(Queue<SampleCustomer> from, int count) => [.. Enumerable.Range(0, Math.Min(count, from.Count)).Select(_ => from.Dequeue())];
}
