using System.Globalization;
using System.Net;
using CustomerInsights.Sandbox.Braze;
using CustomerInsights.Sandbox.Braze.Controlling;
using CustomerInsights.Sandbox.MicrosoftAdvertising;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;
using CustomerInsights.Sandbox.Webhook;
using CustomerInsights.Sandbox.Webhook.Controlling;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CustomerInsights.Sandbox;

/// <summary>
/// A running sandbox: local stand-ins of outside services that keep what they were sent. Never for production. Runs as
/// a process of its own, or inside a test.
/// </summary>
public sealed partial class SandboxServer : IAsyncDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(2);
    private readonly WebApplication _application;

    private SandboxServer(WebApplication application, Uri address)
    {
        _application = application;
        Address = address;
    }

    /// <summary>Where it listens, such as http://127.0.0.1:5090/.</summary>
    public Uri Address { get; }

    /// <summary>Host and port, as a connection names it.</summary>
    public string Host => Address.Authority;

    /// <summary>Starts listening. Throws when the address is taken, or not a loopback one.</summary>
    public static async Task<SandboxServer> StartAsync(SandboxOptions options, CancellationToken cancellationToken = default)
    {
        if (!IPAddress.IsLoopback(options.Listen.Address))
        {
            throw new ArgumentException($"The sandbox has no authentication and listens on loopback only, not on {options.Listen}.", nameof(options));
        }

        var application = Build(options);
        await application.StartAsync(cancellationToken);
        var address = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        if (options.PortsFile is { } file)
        {
            await WritePortsAsync(file, address.Port, cancellationToken);
        }

        Log.Started(application.Logger, address);
        return new SandboxServer(application, address);
    }

    /// <summary>Returns when somebody stops the process.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken) => _application.WaitForShutdownAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        // Slow and endless answers would keep a patient stop waiting.
        using var patience = new CancellationTokenSource(StopPatience);
        await _application.StopAsync(patience.Token);
        await _application.DisposeAsync();
    }

    private static WebApplication Build(SandboxOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning);
        if (options.LogToConsole)
        {
            builder.Logging.AddSimpleConsole(c => c.SingleLine = true);
        }

        builder.Services.Configure<HostOptions>(h => h.ShutdownTimeout = StopPatience);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(options.Listen, listen => listen.Protocols = HttpProtocols.Http1);
        });

        var sandbox = new BrazeSandbox(options.Seed, options.Time);
        foreach (var key in options.BrazeKeys)
        {
            sandbox.Allow(key);
        }

        var application = builder.Build();
        var door = new BrazeDoor(sandbox);
        BrazeControlRoutes.Map(application, sandbox);
        MapMicrosoftAdvertising(application, options);
        var webhooks = new WebhookSandbox(options.Seed, options.WebhookSecret, options.Time);
        WebhookControlRoutes.Map(application, webhooks);
        application.Map($"{WebhookSandbox.Path}/{{receiver}}", new WebhookDoor(webhooks).HandleAsync);
        application.MapGet("/sandbox", () => "CustomerInsights sandbox: local stand-ins of outside services. Never for production.\n");
        application.MapFallback("{*path}", door.HandleAsync);
        return application;
    }

    private static void MapMicrosoftAdvertising(WebApplication application, SandboxOptions options)
    {
        var sandbox = new MicrosoftAdvertisingSandbox(options.MicrosoftAdvertising, options.Seed, options.Time);
        var door = new MicrosoftAdvertisingDoor(sandbox);
        MicrosoftAdvertisingControlRoutes.Map(application, sandbox);
        foreach (var prefix in MicrosoftAdvertisingRoutes.Prefixes)
        {
            application.Map(prefix + "/{**path}", door.HandleAsync);
        }
    }

    private static async Task WritePortsAsync(string file, int port, CancellationToken cancellationToken)
    {
        // Whoever waits for the file must never see half of it.
        var unfinished = file + ".tmp";
        await File.WriteAllTextAsync(unfinished, string.Create(CultureInfo.InvariantCulture, $$"""{"http":{{port}}}"""), cancellationToken);
        File.Move(unfinished, file, overwrite: true);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Sandbox listens on {Address}: a stand-in that keeps what it is sent. Never for production.")]
        public static partial void Started(ILogger logger, Uri address);
    }
}
