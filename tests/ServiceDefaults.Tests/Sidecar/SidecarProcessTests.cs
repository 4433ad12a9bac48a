using System.Net;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.ServiceDefaults.Tests.Hosting;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using CustomerInsights.TestKit.Sidecar;
using Grpc.Core;

namespace CustomerInsights.ServiceDefaults.Tests.Sidecar;

/// <summary>Whole processes with sidecars beside them.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class SidecarProcessTests : IAsyncDisposable
{
    private readonly SidecarNetwork _network = new();
    private readonly List<IAsyncDisposable> _started = [];
    private readonly HttpClient _http = new();

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        for (var i = _started.Count - 1; i >= 0; i--)
        {
            await _started[i].DisposeAsync();
        }
    }

    [Test]
    public async Task Process_starts_before_its_sidecar_and_is_ready_with_it()
    {
        var ports = (App: ReservedPort.Take(), Http: ReservedPort.Take(), Grpc: ReservedPort.Take());
        var harness = await StartAsync(new ProbeApp(), ports.App, Beside(ports.Http, ports.Grpc));
        Assert.That(await ReadyAsync(harness), Is.EqualTo(HttpStatusCode.ServiceUnavailable));

        var sidecar = await StandInAsync("segments", ports);

        await Eventually.TrueAsync(async () => await ReadyAsync(harness) == HttpStatusCode.OK, "the process is ready");
        await Eventually.TrueAsync(() => HasFoundItsAppAsync(sidecar), "the sidecar has found it");

        await sidecar.KillAsync();
        await Eventually.TrueAsync(async () => await ReadyAsync(harness) == HttpStatusCode.ServiceUnavailable, "the process is not ready without it");
    }

    [Test]
    public async Task Calls_of_both_kinds_reach_the_other_app_through_the_sidecar()
    {
        var segments = (App: ReservedPort.Take(), Http: ReservedPort.Take(), Grpc: ReservedPort.Take());
        var exports = (App: ReservedPort.Take(), Http: ReservedPort.Take(), Grpc: ReservedPort.Take());
        var callee = await StandInAsync("segments", segments, "token of segments");
        await StandInAsync("exports", exports, "token of exports");
        var key = Convert.ToBase64String(new byte[32]);
        await StartAsync(new ProbeApp(), segments.App, [.. Beside(segments.Http, segments.Grpc), ("Authentication:Development:SigningKey", key), ("DAPR_API_TOKEN", "token of segments")]);
        var caller = await StartAsync(
            new CallingApp(),
            exports.App,
            [.. Beside(exports.Http, exports.Grpc), ("Authentication:Development:SigningKey", key), ("DAPR_API_TOKEN", "token of exports"), ("Services:segments", "dapr:///segments")]);

        var profiles = caller.Services.GetService(typeof(ProfileService.ProfileServiceClient)) as ProfileService.ProfileServiceClient;
        await Eventually.TrueAsync(async () => await ReadyAsync(caller) == HttpStatusCode.OK, "the caller is ready");
        await Eventually.TrueAsync(() => HasFoundItsAppAsync(callee), "the sidecar of the called app has found it");
        var statistics = await profiles!.GetProfileStatisticsAsync(new GetProfileStatisticsRequest());
        using var import = profiles.ImportProfiles();
        var refused = Assert.ThrowsAsync<RpcException>(async () =>
        {
            for (var i = 0; i < 3; i++)
            {
                await import.RequestStream.WriteAsync(new ImportProfilesRequest { Header = new ImportHeader { Parent = "environments/contoso" } });
            }

            await import.RequestStream.CompleteAsync();
            await import.ResponseAsync;
        })!;

        Assert.That(statistics, Is.EqualTo(new ProfileStatistics()), "exports is who it is behind two sidecars, too");
        Assert.That(refused.StatusCode, Is.EqualTo(StatusCode.PermissionDenied), "and gets no more than it may");
    }

    [Test]
    public async Task App_id_that_nobody_has_is_an_outage()
    {
        var ports = (App: ReservedPort.Take(), Http: ReservedPort.Take(), Grpc: ReservedPort.Take());
        await StandInAsync("exports", ports);
        var caller = await StartAsync(new CallingApp(), ports.App, [.. Beside(ports.Http, ports.Grpc), ("Services:segments", "dapr:///segments")]);

        var profiles = (ProfileService.ProfileServiceClient)caller.Services.GetService(typeof(ProfileService.ProfileServiceClient))!;
        var refused = Assert.ThrowsAsync<RpcException>(async () => await profiles.GetProfileStatisticsAsync(new GetProfileStatisticsRequest(), deadline: DateTime.UtcNow.AddSeconds(5)))!;

        Assert.That(refused.StatusCode, Is.Not.EqualTo(StatusCode.OK).And.Not.EqualTo(StatusCode.Unauthenticated));
    }

    private static (string Key, string Value)[] Beside(int http, int grpc) =>
        [("Events:Transport", "Dapr"), ("DAPR_HTTP_PORT", $"{http}"), ("DAPR_GRPC_PORT", $"{grpc}")];

    private async Task<ServiceHarness> StartAsync(IServiceApp app, int port, params (string Key, string Value)[] settings)
    {
        var all = settings.Append((Key: "Listen:Grpc", Value: $"127.0.0.1:{port}")).ToDictionary(setting => setting.Key, string? (setting) => setting.Value);
        var harness = await ServiceHarness.StartAsync(app, new HarnessOptions { Settings = all });
        _started.Add(harness);
        return harness;
    }

    private async Task<SidecarStandIn> StandInAsync(string appId, (int App, int Http, int Grpc) ports, string? token = null)
    {
        var sidecar = await SidecarStandIn.StartAsync(new SidecarOptions
        {
            AppId = appId, Network = _network, AppAddress = new Uri($"http://127.0.0.1:{ports.App}"), HttpPort = ports.Http, GrpcPort = ports.Grpc,
            ApiToken = token, Components = [new SidecarComponent()], AppHealth = new AppHealthCheck { Interval = TimeSpan.FromMilliseconds(200) },
        });
        _started.Insert(0, sidecar);
        return sidecar;
    }

    private Task<HttpStatusCode> ReadyAsync(ServiceHarness harness) => GetAsync(new Uri($"{harness.HttpAddress}/healthz/ready"));

    private async Task<bool> HasFoundItsAppAsync(SidecarStandIn sidecar) => await GetAsync(new Uri(sidecar.HttpAddress, "/v1.0/healthz")) == HttpStatusCode.NoContent;

    private async Task<HttpStatusCode> GetAsync(Uri address)
    {
        using var response = await _http.GetAsync(address);
        return response.StatusCode;
    }

    /// <summary>Calls segments and nothing else.</summary>
    private sealed class CallingApp : IServiceApp
    {
        public string AppId => "exports";

        public void Configure(ServiceBuilder builder) => builder.AddGrpcClient<ProfileService.ProfileServiceClient>("segments");
    }
}
