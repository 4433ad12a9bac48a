using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Sidecar;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.ServiceDefaults.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>What every service consists of, before its own capabilities.</summary>
internal static class ServiceComposition
{
    public static ServiceBuilder Compose(ServiceBuilder builder, IServiceApp app, ListenAddresses listen, EventBus bus)
    {
        builder.AddEssentials().AddStorage(app).AddEventsAndJobs(bus).AddIdentity(listen);
        app.Configure(builder);
        builder.AddRoles();
        return builder;
    }

    /// <summary>What the desk has, too.</summary>
    public static ServiceBuilder AddEssentials(this ServiceBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IdGenerator>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ProcessOptions.Of(builder.Configuration).ShutdownTimeout);
        ServiceLogging.Add(builder);
        OpenTelemetryExport.AddLogs(builder);
        BrowserAccess.Add(builder);
        builder.Services.AddHealthChecks();
        builder.Services.AddSingleton(SidecarOptions.Of(builder.Configuration));
        return builder;
    }

    private static ServiceBuilder AddStorage(this ServiceBuilder builder, IServiceApp app)
    {
        builder.AddOptions<StorageOptions>(StorageOptions.Section);
        builder.Services.AddSingleton(services => Database.Open(
            services.GetRequiredService<IOptions<StorageOptions>>().Value,
            app.AppId,
            app.GetType().Assembly,
            services.GetRequiredService<TimeProvider>(),
            [.. services.GetServices<MigratingLibrary>().Select(library => library.Assembly)]));
        builder.Services.AddHealthChecks().AddCheck<DatabaseCheck>("database");
        return builder;
    }

    private static ServiceBuilder AddEventsAndJobs(this ServiceBuilder builder, EventBus bus)
    {
        builder.AddOptions<EventOptions>(EventOptions.Section);
        builder.Services.AddEvents(builder.AppId, bus);
        builder.Services.AddHealthChecks().AddCheck<EventBusCheck>("events");
        builder.AddOptions<JobOptions>(JobOptions.Section);
        builder.Services.AddJobQueue();
        return builder;
    }

    private static ServiceBuilder AddIdentity(this ServiceBuilder builder, ListenAddresses listen)
    {
        IdentityComposition.Add(builder, listen);
        builder.Services.AddSingleton<ExceptionDoor>();
        builder.Services.AddSingleton<PeerInheritance>();
        builder.Services.AddSingleton<CallerDoor>();
        builder.Services.AddGrpc(grpc =>
        {
            grpc.Interceptors.Add<ExceptionDoor>();
            grpc.Interceptors.Add<PeerInheritance>();
            grpc.Interceptors.Add<CallerDoor>();
        });
        return builder;
    }

    // Environments knows the roles itself; everybody else asks it.
    private static void AddRoles(this ServiceBuilder builder)
    {
        if (builder.Services.All(service => service.ServiceType != typeof(IRoleDirectory)))
        {
            builder.AddOptions<RoleCacheOptions>(RoleCacheOptions.Section).AddGrpcClient<EnvironmentService.EnvironmentServiceClient>("environments");
            builder.Services.AddSingleton<IRoleDirectory, RemoteRoleDirectory>();
        }
    }
}
