using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Delivering;
using CustomerInsights.Destinations.Forgetting;
using CustomerInsights.Destinations.Remembering;
using CustomerInsights.Destinations.Running;
using CustomerInsights.Destinations.Throttling;
using CustomerInsights.ServiceDefaults.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CustomerInsights.Destinations;

/// <summary>Makes a worker of a destination.</summary>
public static class DestinationsCapability
{
    /// <summary>Delivers the runs that are asked for on a topic to a destination.</summary>
    /// <typeparam name="TDestination">What is special about the vendor.</typeparam>
    /// <param name="topic">The topic of the destination's run requests.</param>
    /// <param name="goneTopic">The topic that tells of exports that are gone.</param>
    public static ServiceBuilder AddDestination<TDestination>(this ServiceBuilder builder, string topic, string goneTopic)
        where TDestination : class, IDestination
    {
        builder.Services.AddSingleton<IDestination, TDestination>();
        var options = builder.Configuration.GetSection(DestinationsOptions.Section).Get<DestinationsOptions>() ?? new DestinationsOptions();
        return builder
            .AddOptions<DestinationsOptions>(DestinationsOptions.Section)
            .AddMigrations(typeof(DestinationsCapability).Assembly)
            .AddPeers()
            .AddLedger()
            .AddRuns()
            .AddForgetting()
            .Subscribe<ExportRunRequested, RunRequested>(topic)
            .Subscribe<ExportDeleted, ExportGone>(goneTopic)
            .AddJobs<DeliverRun>(Math.Max(1, options.ConcurrentRuns));
    }

    private static ServiceBuilder AddPeers(this ServiceBuilder builder) => builder
        .AddGrpcClient<ExportRunService.ExportRunServiceClient>("exports")
        .AddGrpcClient<CredentialService.CredentialServiceClient>("connections")
        .AddGrpcClient<MembershipService.MembershipServiceClient>("segments");

    private static ServiceBuilder AddLedger(this ServiceBuilder builder)
    {
        builder.Services.AddSingleton<FencedDatabase>();
        builder.Services.AddSingleton<LedgerStore>();
        builder.Services.AddSingleton<DueRows>();
        builder.Services.AddSingleton<RemovalQueue>();
        return builder;
    }

    private static ServiceBuilder AddRuns(this ServiceBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton<Random>();
        services.AddSingleton<Chance>();
        services.AddSingleton<DeliveryMetrics>();
        services.AddHostedService<MeasureLedger>();
        services.AddSingleton<AccountThrottles>();
        services.AddSingleton<DeliveryTools>();
        services.AddSingleton<DeliverAudience>();
        services.AddSingleton<OpenDestination>();
        services.AddSingleton<OpenAudiences>();
        services.AddSingleton<PrepareAudiences>();
        services.AddSingleton<CheckSize>();
        services.AddSingleton<RunAudiences>();
        services.AddSingleton<ReportProgress>();
        services.AddSingleton<WorkRun>();
        services.AddSingleton<PauseRun>();
        services.AddSingleton<Explanations>();
        services.AddSingleton<ReportRejectedRows>();
        services.AddSingleton<MarkConnection>();
        services.AddSingleton<ReportRun>();
        services.AddSingleton<RetryLater>();
        return builder;
    }

    private static ServiceBuilder AddForgetting(this ServiceBuilder builder)
    {
        builder.Services.AddSingleton<ForgetExportJob>();
        builder.Services.AddSingleton<FindForgottenExports>();
        builder.Services.AddHostedService<StartForgetting>();
        return builder
            .AddOptions<ForgettingOptions>(ForgettingOptions.Section)
            .AddJobs<ForgetExport>(concurrency: 1)
            .AddJobs<ForgetRegularly>(concurrency: 1);
    }
}
