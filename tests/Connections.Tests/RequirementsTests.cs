using CustomerInsights.TestKit.Hosting;

namespace CustomerInsights.Connections.Tests;

public sealed class RequirementsTests
{
    [Test]
    public async Task Every_method_states_who_may_call_it()
    {
        await using var harness = await ServiceHarness.StartAsync(new ConnectionsApp());
        Assert.That(harness.MethodsWithoutRequirement(), Is.Empty);
    }
}
