using System.Net;
using System.Text.Json;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.ServiceDefaults.Sidecar;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Sidecar;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using SidecarOptions = CustomerInsights.TestKit.Sidecar.SidecarOptions;

namespace CustomerInsights.ServiceDefaults.Tests.Events;

/// <summary>A bus, the port that its sidecar calls, and the sidecar, which is there before either.</summary>
internal sealed class SidecarBus(EventBus bus, SidecarOptions options) : IAsyncDisposable
{
    private readonly HttpClient _http = new();
    private readonly int _port = ReservedPort.Take();
    private IRunningSidecar? _sidecar;
    private WebApplication? _web;

    /// <summary>What the bus shows and wants to be shown, if not what the sidecar does.</summary>
    public (string? ApiToken, string? AppToken) Tokens { get; init; } = (options.ApiToken, options.AppToken);

    public DaprSubscriptions Subscriptions { get; init; } = DaprSubscriptions.Programmatic;

    /// <summary>What the sidecar calls.</summary>
    public Uri AppAddress => new($"http://127.0.0.1:{_port}");

    public IRunningSidecar Sidecar => _sidecar ?? throw new InvalidOperationException("It is not started.");

    /// <summary>Starts all three, and waits until the sidecar delivers if anybody has subscribed.</summary>
    public async Task<SidecarBus> StartAsync(CancellationToken cancellationToken)
    {
        _sidecar = await RunningSidecar.StartAsync(options with { AppAddress = AppAddress }, cancellationToken);
        var settings = new ServiceDefaults.Sidecar.SidecarOptions(_sidecar.HttpAddress, _sidecar.GrpcAddress, Tokens.ApiToken, Tokens.AppToken);
        var events = new EventOptions { Transport = EventTransportKind.Dapr, Dapr = new DaprEventOptions { Subscriptions = Subscriptions } };
        await bus.StartAsync(new EventBusSettings(events, settings), TimeProvider.System, Random.Shared, NullLoggerFactory.Instance, cancellationToken);
        await ListenAsync(settings, cancellationToken);
        await Eventually.TrueAsync(() => bus.IsReady, "the sidecar is found", cancellationToken: cancellationToken);
        if (bus.Pushed is { Listed.Count: > 0 } || options.Subscriptions.Count > 0)
        {
            await Eventually.TrueAsync(() => IsSubscribedAsync(cancellationToken), "the sidecar has subscribed", cancellationToken: cancellationToken);
        }

        return this;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_web is not null)
        {
            await _web.DisposeAsync();
        }

        if (_sidecar is not null)
        {
            await _sidecar.DisposeAsync();
        }
    }

    private async Task ListenAsync(ServiceDefaults.Sidecar.SidecarOptions settings, CancellationToken cancellationToken)
    {
        var state = new ProcessState();
        state.Serving();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(bus).AddSingleton(settings).AddSingleton(state);
        _web = builder.Build();
        _web.MapGrpcService<AppCallbackService>();
        _web.MapGrpcService<AppHealthService>();
        await _web.StartAsync(cancellationToken);
    }

    private async Task<bool> IsSubscribedAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Sidecar.HttpAddress, "/v1.0/metadata"));
        request.Headers.Add("dapr-api-token", options.ApiToken ?? "none");
        using var response = await _http.SendAsync(request, cancellationToken);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        return answer.RootElement.TryGetProperty("subscriptions", out var subscriptions) && subscriptions.ValueKind == JsonValueKind.Array && subscriptions.GetArrayLength() > 0;
    }
}
