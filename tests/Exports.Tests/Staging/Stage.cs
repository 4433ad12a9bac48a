using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Wire = CustomerInsights.Contracts.Exports.V1;

namespace CustomerInsights.Exports.Tests.Staging;

/// <summary>Exports as a process between faked neighbours. Tests share it and keep apart by environment.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private Stage(ServiceHarness harness) => Harness = harness;

    public ServiceHarness Harness { get; }

    public required FakeConnections Connections { get; init; }

    public required FakeSegments Segments { get; init; }

    public required FakeProfiles Profiles { get; init; }

    public required HeardEvents Heard { get; init; }

    public Wire.ExportRunService.ExportRunServiceClient Worker => WorkerOf("braze");

    public static async Task<Stage> StartAsync(Engine engine, TimeProvider? time = null, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var (connections, segments, profiles, heard) = (new FakeConnections(), new FakeSegments(), new FakeProfiles(), new HeardEvents());
        var harness = await ServiceHarness.StartAsync([new ExportsApp(), new HearingApp(heard)], new HarnessOptions
        {
            Engine = engine,
            Time = time ?? TimeProvider.System,
            Fakes = [connections, segments, profiles],
            Settings = settings ?? new Dictionary<string, string?>(),
        });
        return new Stage(harness) { Connections = connections, Segments = segments, Profiles = profiles, Heard = heard };
    }

    /// <summary>Calls as the worker of a destination.</summary>
    public Wire.ExportRunService.ExportRunServiceClient WorkerOf(string destination) =>
        Harness.ClientOf<Wire.ExportRunService.ExportRunServiceClient>($"service:worker-{destination}");

    public Wire.ExportService.ExportServiceClient As(string principal) => Harness.ClientOf<Wire.ExportService.ExportServiceClient>(principal);

    /// <summary>An environment with a person of each role, a shared and a private connection, and a segment of version 1.</summary>
    public StageEnvironment NewEnvironment()
    {
        var environment = new StageEnvironment(this, Some.EnvironmentId());
        foreach (var role in new[] { Role.Viewer, Role.Contributor, Role.Administrator })
        {
            Harness.Roles.Assign(environment.Id, StageEnvironment.Person(role), role);
        }

        Connections.Put(environment.Shared, shared: true);
        Connections.Put(environment.Private, shared: false);
        Connections.Put(environment.Advertising, shared: true, "microsoft-advertising");
        Segments.Put(environment.Segment, version: 1);
        return environment;
    }

    /// <summary>Publishes that a segment was refreshed, as Segments does.</summary>
    public Task PublishRefreshedAsync(string segment, long version)
    {
        var services = Harness.ServicesOf("exports");
        return services.GetRequiredService<Database>().WriteAsync(
            transaction => services.GetRequiredService<EventPublisher>().PublishAsync(
                transaction, Topics.SegmentRefreshed, segment, new SegmentRefreshed { Segment = segment, Version = version }),
            CancellationToken.None);
    }

    public ValueTask DisposeAsync() => Harness.DisposeAsync();
}
