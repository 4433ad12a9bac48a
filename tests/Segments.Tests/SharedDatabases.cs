using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;

namespace CustomerInsights.Segments.Tests;

/// <summary>One database of each engine for all tests that bring an environment of their own: making one takes longer than most tests.</summary>
[SetUpFixture]
public sealed class SharedDatabases
{
    private static readonly SemaphoreSlim Turn = new(1, 1);
    private static readonly Dictionary<Engine, (TestDatabase Own, Database Opened)> Made = [];

    [OneTimeTearDown]
    public async Task DropAsync()
    {
        foreach (var (own, _) in Made.Values)
        {
            await own.DisposeAsync();
        }

        Made.Clear();
    }

    internal static async Task<Database> OfAsync(Engine engine)
    {
        await Turn.WaitAsync();
        try
        {
            if (!Made.TryGetValue(engine, out var made))
            {
                var own = await TestDatabase.CreateAsync(engine);
                made = (own, await own.OpenAsync("segments", typeof(SegmentsApp).Assembly));
                Made.Add(engine, made);
            }

            return made.Opened;
        }
        finally
        {
            Turn.Release();
        }
    }
}
