using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Exports.Defining;
using CustomerInsights.Exports.Healing;
using CustomerInsights.Exports.Reporting;
using CustomerInsights.Exports.Running;
using CustomerInsights.Exports.Viewing;
using CustomerInsights.ServiceDefaults.Hosting;

namespace CustomerInsights.Exports;

/// <summary>The process that owns exports, their runs and the history of both.</summary>
public sealed class ExportsApp : IServiceApp
{
    // Opening a run waits for other services, not for this one's processor.
    private const int OpenAtOnce = 4;

    public string AppId => "exports";

    public void Configure(ServiceBuilder builder)
    {
        builder.AddOptions<ExportsOptions>(ExportsOptions.Section);
        AddDefining(builder);
        AddRunning(builder);
        AddReporting(builder);
        AddHealing(builder);
        builder.Services.AddSingleton<ViewExports>().AddSingleton<ViewRuns>();
    }

    private static void AddDefining(ServiceBuilder builder)
    {
        builder.AddGrpcService<ExportsDoor>();
        builder.AddGrpcClient<CredentialService.CredentialServiceClient>("connections");
        builder.AddGrpcClient<SegmentService.SegmentServiceClient>("segments");
        builder.AddGrpcClient<ProfileService.ProfileServiceClient>("segments");
        builder.Services
            .AddSingleton<DestinationType, BrazeDestinationType>()
            .AddSingleton<DestinationType, MicrosoftAdvertisingDestinationType>()
            .AddSingleton<DestinationType, WebhookDestinationType>()
            .AddSingleton<DestinationTypes>()
            .AddSingleton<ConnectionLookup>()
            .AddSingleton<SegmentLookup>()
            .AddSingleton<ExportRights>()
            .AddSingleton<ExportStamp>()
            .AddSingleton<ExportActions>()
            .AddSingleton<ExportWire>()
            .AddSingleton<CheckDefinition>()
            .AddSingleton<FindRival>()
            .AddSingleton<CreateExport>()
            .AddSingleton<UpdateExport>()
            .AddSingleton<DeleteExport>();
    }

    private static void AddRunning(ServiceBuilder builder)
    {
        builder.Subscribe<SegmentRefreshed, SegmentRefreshedSubscription>(Topics.SegmentRefreshed);
        builder.AddJobs<OpenDueRuns>(OpenAtOnce);
        builder.Services
            .AddSingleton<StartRuns>()
            .AddSingleton<OpenRunJob>()
            .AddSingleton<OpenDueRun>()
            .AddSingleton<PlanRun>()
            .AddSingleton<OpenRun>()
            .AddSingleton<RunMetrics>()
            .AddSingleton<RequestRun>()
            .AddSingleton<EndRun>()
            .AddSingleton<StopRun>()
            .AddSingleton<RunExport>()
            .AddSingleton<CancelRun>();
    }

    private static void AddReporting(ServiceBuilder builder)
    {
        builder.AddGrpcService<RunsDoor>();
        builder.Services
            .AddSingleton<CheckWorker>()
            .AddSingleton<BeginRun>()
            .AddSingleton<RecordProgress>()
            .AddSingleton<RecordRejectedRows>()
            .AddSingleton<CompleteRun>();
    }

    private static void AddHealing(ServiceBuilder builder)
    {
        builder.AddJobs<HealExports>(concurrency: 1);
        builder.Services
            .AddHostedService<StartHealing>()
            .AddSingleton<CatchUp>()
            .AddSingleton<CatchUpExports>()
            .AddSingleton<AskAgain>()
            .AddSingleton<FindDeletedExports>()
            .AddSingleton<ForgetRuns>();
    }
}
