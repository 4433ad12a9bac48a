using System.Security.Cryptography;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Storage;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.TestKit.Hosting;

/// <summary>
/// Runs services in the test's process as they run in production: real ports, real gRPC, real database, real door; only
/// other services are faked. Disposing it fails when an error was logged that the test did not announce.
/// </summary>
public sealed class ServiceHarness : IAsyncDisposable
{
    private static readonly string[] AppIds = ["environments", "connections", "segments", "exports"];
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromDays(3650);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly HarnessOptions _options;
    private readonly IReadOnlyList<IServiceApp> _apps;
    private readonly List<IAsyncDisposable> _owned = [];
    private ServiceProcess? _process;
    private GrpcChannel? _channel;

    private ServiceHarness(IReadOnlyList<IServiceApp> apps, HarnessOptions options) => (_apps, _options) = (apps, options);

    /// <summary>Every log record of the services.</summary>
    public CapturedLogs Logs { get; } = new();

    /// <summary>Roles that the faked Environments tells; without effect when the harness runs the real one.</summary>
    public FakeRoles Roles { get; } = new();

    /// <summary>The container of the only service.</summary>
    public IServiceProvider Services => Process.ServicesOf(_apps.Single().AppId);

    /// <summary>The container of one of several services.</summary>
    public IServiceProvider ServicesOf(string appId) => Process.ServicesOf(appId);

    /// <summary>The database of the only service.</summary>
    public Database Database => Services.GetRequiredService<Database>();

    /// <summary>Such as "http://127.0.0.1:40123".</summary>
    public string GrpcAddress => $"http://{Process.Grpc}";

    /// <summary>Such as "http://127.0.0.1:40124".</summary>
    public string HttpAddress => $"http://{Process.Http}";

    private ServiceProcess Process => _process ?? throw new InvalidOperationException("The harness has not started.");

    public static Task<ServiceHarness> StartAsync(IServiceApp app, HarnessOptions? options = null, CancellationToken cancellationToken = default) =>
        StartAsync([app], options, cancellationToken);

    public static async Task<ServiceHarness> StartAsync(IReadOnlyList<IServiceApp> apps, HarnessOptions? options = null, CancellationToken cancellationToken = default)
    {
        var harness = new ServiceHarness(apps, options ?? new HarnessOptions());
        try
        {
            await harness.StartAsync(cancellationToken);
            return harness;
        }
        catch
        {
            await harness.DisposeQuietlyAsync();
            throw;
        }
    }

    /// <summary>A token that the services accept.</summary>
    /// <param name="principal">"user:ada", "application:importer" or "service:exports".</param>
    /// <param name="platformAdministrator">May create environments.</param>
    /// <param name="groups">"group:marketing".</param>
    public string TokenFor(string principal, bool platformAdministrator = false, params IReadOnlyList<string> groups) =>
        new DevelopmentIssuer(_key, _options.Time).Sign(new Caller(principal, groups) { IsPlatformAdministrator = platformAdministrator }, TokenLifetime);

    /// <summary>A client with a token on every call; null for none.</summary>
    public TClient ClientWith<TClient>(string? token)
        where TClient : ClientBase<TClient> =>
        (TClient)Activator.CreateInstance(typeof(TClient), (_channel ??= GrpcChannel.ForAddress(GrpcAddress)).Intercept(new BearerCalls(token)))!;

    /// <summary>A client that calls as a principal.</summary>
    public TClient ClientOf<TClient>(string principal, bool platformAdministrator = false, params IReadOnlyList<string> groups)
        where TClient : ClientBase<TClient> => ClientWith<TClient>(TokenFor(principal, platformAdministrator, groups));

    /// <summary>Methods of all services that nobody may call because they do not state who may. A service's tests expect none.</summary>
    public IReadOnlyList<string> MethodsWithoutRequirement() =>
        [.. _apps.SelectMany(app => Process.ServicesOf(app.AppId).GetRequiredService<MethodRequirements>().All).Where(method => !method.IsStated).Select(method => method.Method)];

    /// <summary>Stops the services gracefully, as SIGTERM does. Disposing does so, too.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => Process.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await DisposeQuietlyAsync();
        if (Logs.Unannounced() is { Count: > 0 } errors)
        {
            throw new InvalidOperationException($"{errors.Count} error(s) logged that the test did not announce:{Environment.NewLine}{string.Join(Environment.NewLine, errors)}");
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        var database = _options.Database ?? Own(await TestDatabase.CreateAsync(_options.Engine, cancellationToken));
        var fakes = _options.Fakes.OfType<Contracts.Environments.V1.EnvironmentService.EnvironmentServiceBase>().Any() ? _options.Fakes : [.. _options.Fakes, Roles];
        var others = Own(await FakeServices.StartAsync(fakes, Logs, cancellationToken));
        _process = ServiceProcess.Build(_apps, Configure(database.Options, others.Address), Adjust);
        await _process.StartAsync(cancellationToken);
    }

    private IConfiguration Configure(StorageOptions storage, string others)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Storage:Engine"] = storage.Engine.ToString(),
            ["Storage:Directory"] = storage.Directory,
            ["Storage:ConnectionString"] = storage.ConnectionString,
            ["Events:Transport"] = "InMemory",
            ["Authentication:Development:SigningKey"] = Convert.ToBase64String(_key),
            ["Roles:CacheFor"] = "00:00:00",
            ["Process:ShutdownTimeout"] = "00:00:10",
        };
        foreach (var appId in AppIds.Except(_apps.Select(app => app.AppId)))
        {
            settings[$"Services:{appId}"] = others;
        }

        return new ConfigurationBuilder().AddInMemoryCollection(settings).AddInMemoryCollection(_options.Settings).Build();
    }

    private void Adjust(string appId, IServiceCollection services)
    {
        if (!_options.KeepLogExporters)
        {
            services.RemoveAll<ILoggerProvider>();
        }

        services.AddSingleton<ILoggerProvider>(Logs);
        services.Replace(ServiceDescriptor.Singleton(_options.Time));
        _options.Adjust?.Invoke(appId, services);
    }

    private T Own<T>(T owned)
        where T : IAsyncDisposable
    {
        _owned.Insert(0, owned);
        return owned;
    }

    private async Task DisposeQuietlyAsync()
    {
        _channel?.Dispose();
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        foreach (var owned in _owned)
        {
            await owned.DisposeAsync();
        }
    }
}
