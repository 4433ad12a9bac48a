using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Sampling;
using Attribute = CustomerInsights.Contracts.Segments.V1.Attribute;

namespace CustomerInsights.Benchmarks.Sampling;

/// <summary>As many customers as one likes, none of whom exists. The same each time.</summary>
internal static class GeneratedProfiles
{
    /// <summary>Every so many-th customer changes.</summary>
    public const int ChangeEvery = 100;

    private const ulong Seed = 11;

    public static ProfileSchema Schema { get; } = new()
    {
        KeyAttribute = "CustomerId",
        Attributes =
        {
            SampleCustomer.Columns.Select(column => new Attribute
            {
                Name = column,
                Type = column switch
                {
                    "Points" => AttributeType.Number,
                    "Vip" => AttributeType.Boolean,
                    "Birthday" or "LastPurchase" => AttributeType.Date,
                    _ => AttributeType.String,
                },
            }),
        },
    };

    public static IEnumerable<SampleCustomer> All(int count)
    {
        var sequence = new SeededSequence(Seed);
        for (var number = 1; number <= count; number++)
        {
            yield return SampleFiles.Customer(number, sequence);
        }
    }

    /// <summary>One in a hundred, with a mapped value changed.</summary>
    public static IEnumerable<SampleCustomer> Changed(int count) =>
        All(count).Where((_, index) => index % ChangeEvery == 0).Select(customer => customer with { FirstName = customer.FirstName + "x" });

    /// <summary>Writes a CSV file.</summary>
    public static async Task WriteAsync(string file, IEnumerable<SampleCustomer> customers, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(file);
        await writer.WriteAsync(string.Join(',', SampleCustomer.Columns) + "\n");
        foreach (var customer in customers)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await writer.WriteAsync(customer.ToCsv() + "\n");
        }
    }
}
