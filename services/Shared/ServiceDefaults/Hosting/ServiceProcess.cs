using System.Net;
using System.Text.Json;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Sidecar;
using CustomerInsights.ServiceDefaults.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>
/// One process: its ports, the desk that answers for the whole, and one or more services, each in a container of its own.
/// </summary>
internal sealed partial class ServiceProcess : IAsyncDisposable
{
    private readonly Ports _ports;
    private readonly ListenAddresses _listen;
    private readonly ProcessOptions _options;
    private readonly ServiceInstance _desk;
    private readonly IReadOnlyList<ServiceInstance> _services;
    private readonly FrontApplication _front;
    private readonly ProcessState _state;
    private readonly EventBus _bus;
    private readonly ILogger _log;
    private bool _started;

    private ServiceProcess(Ports ports, ListenAddresses listen, ProcessOptions options, ProcessState state, ServiceInstance desk, IReadOnlyList<ServiceInstance> services)
    {
        (_ports, _listen, _options, _state, _desk, _services) = (ports, listen, options, state, desk, services);
        _front = new FrontApplication(desk, services);
        _bus = desk.Services.GetRequiredService<EventBus>();
        _log = desk.Services.GetRequiredService<ILoggerFactory>().CreateLogger("CustomerInsights.Process");
    }

    public IPEndPoint Grpc => _ports.Grpc;

    public IPEndPoint Http => _ports.Http;

    /// <summary>Puts the process together: ports are taken, nothing is open, no database touched.</summary>
    /// <param name="apps">The services.</param>
    /// <param name="configuration">Of the process.</param>
    /// <param name="adjust">Last word on each service's container, for tests: app id and container.</param>
    public static ServiceProcess Build(IReadOnlyList<IServiceApp> apps, IConfiguration configuration, Action<string, IServiceCollection>? adjust = null)
    {
        var listen = ListenAddresses.Of(configuration);
        var options = ProcessOptions.Of(configuration);
        var state = new ProcessState();
        var ports = new Ports(listen);
        var scopes = new AppConfiguration(configuration, apps, ports.Within);
        var bus = new EventBus();
        var address = OwnAddress.Of(ports.Http, listen.Certificate is not null);
        var services = new List<ServiceInstance>();
        foreach (var app in apps)
        {
            services.Add(ServiceInstance.Build(app.AppId, scopes.Of(app.AppId), builder => ServiceComposition.Compose(builder, app, listen, bus).Services.AddSingleton(address), s => adjust?.Invoke(app.AppId, s)));
        }

        var desk = ServiceInstance.Build(
            Desk.AppId, configuration, builder => Desk.Compose(builder, services, state, listen).Services.AddSingleton(bus), container => adjust?.Invoke(Desk.AppId, container));
        return new ServiceProcess(ports, listen, options, state, desk, services);
    }

    /// <summary>The container of a service.</summary>
    public IServiceProvider ServicesOf(string appId) => _services.Single(service => service.AppId == appId).Services;

    /// <summary>Checks every service's configuration, then brings every database up to date.</summary>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        var problems = _services.Append(_desk).SelectMany(service => service.FindProblems()).Distinct().ToList();
        if (problems.Count > 0)
        {
            throw new StartRefusedException(problems);
        }

        foreach (var service in _services)
        {
            await service.MigrateAsync(cancellationToken);
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await MigrateAsync(cancellationToken);
        _started = true;
        await _desk.StartAsync(cancellationToken);

        // The port opens before the services start, because they may call each other at once; calls wait at the front.
        await _ports.OpenAsync(_front, _desk.Services.GetRequiredService<ILoggerFactory>(), cancellationToken);
        foreach (var service in _services)
        {
            await service.StartAsync(cancellationToken);
        }

        await StartBusAsync(cancellationToken);
        _front.Open();
        _state.Serving();
        await AnnounceHealthAsync(cancellationToken);
        await WritePortsFileAsync(cancellationToken);
        Log.Listening(_log, string.Join(", ", _services.Select(service => service.AppId)), Grpc, Http);
    }

    /// <summary>Waits for the token or for the end of a service; true when a service ended by itself, which is a failure.</summary>
    public async Task<bool> WaitForEndAsync(CancellationToken stop)
    {
        var told = Task.Delay(Timeout.InfiniteTimeSpan, stop);
        var ended = await Task.WhenAny(_services.Select(service => service.Stopping).Append(told));
        return ended != told;
    }

    /// <summary>
    /// Says NOT_SERVING, lets the services put down their jobs and events, waits for the calls that are running, all of it
    /// within the shutdown timeout. What is not done by then is cut off and taken up by the next start.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!_started)
        {
            return;
        }

        _started = false;
        _state.Stopping();
        await AnnounceHealthAsync(CancellationToken.None);
        Log.Stopping(_log, _options.ShutdownTimeout.TotalSeconds);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_options.ShutdownTimeout);
        foreach (var step in new Func<CancellationToken, Task>[] { _bus.StopAsync, StopServicesAsync, _ports.CloseAsync })
        {
            await TryAsync(step, timeout.Token);
        }

        Log.Stopped(_log);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        await _ports.DisposeAsync();
        foreach (var service in _services)
        {
            await service.DisposeAsync();
        }

        await _bus.DisposeAsync();
        await _desk.DisposeAsync();
    }

    private Task StopServicesAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_services.Append(_desk).Select(service => service.StopAsync(cancellationToken)));

    // Nobody is left to tell of a stop that failed or took too long, and the next step must not be left out.
    private async Task TryAsync(Func<CancellationToken, Task> step, CancellationToken cancellationToken)
    {
        try
        {
            await step(cancellationToken);
        }
        catch (Exception exception)
        {
            Log.CutOff(_log, ExceptionOutline.Of(exception));
        }
    }

    // After the services, because their subscriptions make the bus.
    private Task StartBusAsync(CancellationToken cancellationToken)
    {
        var services = _services[0].Services;
        return _bus.StartAsync(
            new EventBusSettings(services.GetRequiredService<IOptions<EventOptions>>().Value, services.GetRequiredService<SidecarOptions>()),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<Random>(),
            services.GetRequiredService<ILoggerFactory>(),
            cancellationToken);
    }

    private Task AnnounceHealthAsync(CancellationToken cancellationToken) => _desk.Services.GetRequiredService<AnnounceHealth>().RefreshAsync(cancellationToken);

    private async Task WritePortsFileAsync(CancellationToken cancellationToken)
    {
        if (_listen.PortsFile is not { } file)
        {
            return;
        }

        // Renamed into place: a reader sees the whole file or none.
        var draft = $"{file}.{Environment.ProcessId}";
        await File.WriteAllTextAsync(draft, JsonSerializer.Serialize(new { grpc = Grpc.Port, http = Http.Port }), cancellationToken);
        File.Move(draft, file, overwrite: true);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Services} listening: gRPC {Grpc}, HTTP {Http}")]
        public static partial void Listening(ILogger logger, string services, IPEndPoint grpc, IPEndPoint http);

        [LoggerMessage(2, LogLevel.Information, "Stopping, within {Seconds} s")]
        public static partial void Stopping(ILogger logger, double seconds);

        [LoggerMessage(4, LogLevel.Warning, "A step of the stop failed or was cut off: {Outline}")]
        public static partial void CutOff(ILogger logger, string outline);

        [LoggerMessage(3, LogLevel.Information, "Stopped")]
        public static partial void Stopped(ILogger logger);
    }
}
