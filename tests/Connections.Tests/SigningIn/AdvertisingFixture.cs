using CustomerInsights.Connections.Verifying;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Connections.Tests.SigningIn;

/// <summary>The real service on a real database with a clock that stands still, and a platform of each test's own.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal abstract class AdvertisingFixture(Engine engine) : IAsyncDisposable
{
    protected static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    protected ManualTimeProvider Clock { get; } = new();

    protected TestDatabase Stored { get; private set; } = null!;

    protected ScriptedPlatform Platform { get; private set; } = null!;

    protected ServiceHarness Harness { get; private set; } = null!;

    protected AdvertisingScene Scene { get; private set; } = null!;

    [SetUp]
    public async Task StartAsync()
    {
        Stored = await TestDatabase.CreateAsync(engine, Token);
        Platform = await ScriptedPlatform.StartAsync(Clock, Token);
        Harness = await StartHarnessAsync(Clock);
        Scene = new AdvertisingScene(Harness, Platform);
    }

    public async ValueTask DisposeAsync()
    {
        await Harness.DisposeAsync();
        await Platform.DisposeAsync();
        await Stored.DisposeAsync();
    }

    /// <summary>Whether connections are rechecked. Who moves the clock does not expect calls in the background.</summary>
    protected virtual bool Rechecks => false;

    /// <summary>Another replica on the same database.</summary>
    protected Task<ServiceHarness> StartHarnessAsync(TimeProvider time) => ServiceHarness.StartAsync(
        new ConnectionsApp(),
        new HarnessOptions { Database = Stored, Time = time, Settings = Platform.Settings(), Fakes = [new FakeExports()], Adjust = Rechecks ? null : (_, services) => LeaveAlone(services) },
        Token);

    /// <summary>Without rechecks.</summary>
    internal static void LeaveAlone(IServiceCollection services)
    {
        // Not in the container of the process itself.
        if (services.SingleOrDefault(service => service.ImplementationType == typeof(StartRechecks)) is { } rechecks)
        {
            services.Remove(rechecks);
        }
    }

    protected static async Task<RpcException> RefusedAsync<T>(AsyncUnaryCall<T> call, StatusCode status, string? reason = null)
    {
        try
        {
            await call;
        }
        catch (RpcException refused)
        {
            Assert.That((refused.StatusCode, reason is null ? null : refused.GetReason()), Is.EqualTo((status, reason)), refused.Status.Detail);
            return refused;
        }

        throw new AssertionException("The call was not refused.");
    }
}
