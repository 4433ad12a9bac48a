using System.Data.Common;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using GrpcServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>A service in its own container, with its own web application, behind the ports of the process.</summary>
internal sealed partial class ServiceInstance : IAsyncDisposable
{
    private const int MaxAttempts = 60;

    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromSeconds(1);

    private readonly WebApplication _web;

    private ServiceInstance(string appId, WebApplication web, CapturedServer server, IReadOnlyList<GrpcServiceDescriptor> grpcServices)
    {
        (AppId, _web, Server, GrpcServices) = (appId, web, server, grpcServices);
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        web.Lifetime.ApplicationStopping.Register(stopping.SetResult);
        Stopping = stopping.Task;
    }

    public string AppId { get; }

    public CapturedServer Server { get; }

    public IServiceProvider Services => _web.Services;

    public IReadOnlyList<GrpcServiceDescriptor> GrpcServices { get; }

    /// <summary>Completes when the service stops, also when it ends because a loop failed.</summary>
    public Task Stopping { get; }

    public static ServiceInstance Build(string appId, IConfiguration configuration, Action<ServiceBuilder> compose, Action<IServiceCollection> adjust)
    {
        var web = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = appId });
        web.Configuration.AddConfiguration(configuration);
        var server = new CapturedServer();
        web.Services.AddSingleton<IServer>(server);
        web.Services.AddSingleton<IHostLifetime, ProcessLifetime>();
        var builder = new ServiceBuilder(appId, web);
        compose(builder);
        adjust(web.Services);
        var application = web.Build();
        BrowserAccess.Use(application);
        builder.MapEndpoints(application);
        return new ServiceInstance(appId, application, server, builder.GrpcServices);
    }

    /// <summary>Everything that is wrong with the options of the service.</summary>
    public IReadOnlyList<string> FindProblems()
    {
        try
        {
            Services.GetService<IStartupValidator>()?.Validate();
            return [];
        }
        catch (OptionsValidationException invalid)
        {
            return [.. invalid.Failures];
        }
        catch (AggregateException several)
        {
            return [.. several.InnerExceptions.SelectMany(inner => inner is OptionsValidationException invalid ? invalid.Failures : [inner.Message])];
        }
        catch (InvalidOperationException unreadable)
        {
            // A value that is no number, time or word of the setting; the message names it.
            return [unreadable.Message];
        }
    }

    /// <summary>Brings the database up to date, waiting a while for a server that is not there yet.</summary>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        var time = Services.GetRequiredService<TimeProvider>();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await Services.GetRequiredService<Database>().MigrateAsync(cancellationToken);
                return;
            }
            catch (DbException exception) when (DatabaseOutage.Is(exception) && attempt < MaxAttempts)
            {
                Log.DatabaseAway(Services.GetRequiredService<ILogger<ServiceInstance>>(), AppId, ExceptionOutline.Of(exception));
                await Task.Delay(BetweenAttempts, time, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => _web.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => _web.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    /// <summary>The process listens to signals for all its services.</summary>
    private sealed class ProcessLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The database of {AppId} is out of reach; trying again: {Outline}")]
        public static partial void DatabaseAway(ILogger logger, string appId, string outline);
    }
}
