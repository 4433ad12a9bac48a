using CustomerInsights.EndToEnd.Staging;

namespace CustomerInsights.EndToEnd;

/// <summary>One running system of each shape, for all tests that leave it as it is. Started by the first that needs it.</summary>
[SetUpFixture]
public sealed class SharedStages
{
    private static readonly SemaphoreSlim Gate = new(1);
    private static readonly Dictionary<Shape, Stage> Stages = [];

    internal static async Task<Stage> GetAsync(Shape shape, CancellationToken cancellationToken)
    {
        await Gate.WaitAsync(cancellationToken);
        try
        {
            return Stages.TryGetValue(shape, out var stage)
                ? stage
                : Stages[shape] = await Stage.SetAsync(shape, null, new Dictionary<string, string>(), cancellationToken);
        }
        finally
        {
            Gate.Release();
        }
    }

    [OneTimeTearDown]
    public async Task Strike()
    {
        foreach (var stage in Stages.Values)
        {
            await stage.DisposeAsync();
        }
    }
}
