using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.Segments.Forgetting;
using CustomerInsights.Segments.Importing;
using CustomerInsights.Segments.Refreshing;
using CustomerInsights.Segments.Streaming;
using CustomerInsights.ServiceDefaults.Hosting;

namespace CustomerInsights.Segments;

/// <summary>The process that owns profiles, segments, memberships and their change feed.</summary>
public sealed class SegmentsApp : IServiceApp
{
    public string AppId => "segments";

    public void Configure(ServiceBuilder builder)
    {
        builder.AddOptions<SegmentsOptions>(SegmentsOptions.Section);
        AddProfiles(builder);
        AddSegments(builder);
        AddRefreshing(builder);
        AddFeed(builder);
    }

    private static void AddProfiles(ServiceBuilder builder)
    {
        builder.AddGrpcService<ProfilesDoor>();
        builder.Services
            .AddSingleton<ProfileActions>()
            .AddSingleton<DeclareSchema>()
            .AddSingleton<ViewSchema>()
            .AddSingleton<MergeProfiles>()
            .AddSingleton<ImportProfiles>()
            .AddSingleton<UpsertProfiles>()
            .AddSingleton<DeleteProfiles>();
    }

    private static void AddSegments(ServiceBuilder builder)
    {
        builder.AddGrpcService<SegmentsDoor>();
        builder.Services
            .AddSingleton<SegmentActions>()
            .AddSingleton<AnsweredRequests>()
            .AddSingleton<WatchActiveLimit>()
            .AddSingleton<CreateSegment>()
            .AddSingleton<ViewSegments>()
            .AddSingleton<UpdateSegment>()
            .AddSingleton<DeleteSegment>();
    }

    private static void AddRefreshing(ServiceBuilder builder)
    {
        builder.Subscribe<SegmentRefreshRequested, RefreshRequestedSubscription>(Topics.SegmentRefreshRequested);
        builder.AddJobs<RefreshSegment>(builder.Configuration.GetValue($"{SegmentsOptions.Section}:{nameof(SegmentsOptions.RefreshesAtOnce)}", SegmentsOptions.DefaultRefreshesAtOnce));
        builder.AddJobs<DiscardMembers>(concurrency: 1);
        builder.Services
            .AddSingleton<RefreshActions>()
            .AddSingleton<RunningRefreshes>()
            .AddSingleton<RequestRefresh>()
            .AddSingleton<ViewRefreshes>()
            .AddSingleton<CancelRefresh>()
            .AddSingleton<EvaluateSegment>();
    }

    private static void AddFeed(ServiceBuilder builder)
    {
        builder.AddGrpcService<MembershipsDoor>();
        builder.AddJobs<ForgetFeed>(concurrency: 1);
        builder.Services
            .AddSingleton<OpenStreams>()
            .AddSingleton<ForgetDeletions>()
            .AddSingleton<ForgetLeavers>()
            .AddHostedService<StartForgetting>();
    }
}
