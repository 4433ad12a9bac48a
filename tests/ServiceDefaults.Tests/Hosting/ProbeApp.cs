using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.ServiceDefaults.Identity;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.ServiceDefaults.Tests.Hosting;

/// <summary>A service without a purpose: each of its methods shows one thing that all services get.</summary>
internal sealed class ProbeApp(string appId = "segments", Action<ServiceBuilder>? more = null) : IServiceApp
{
    public string AppId => appId;

    public void Configure(ServiceBuilder builder)
    {
        builder.Services.AddSingleton<ProbeAnswers>();
        builder.AddGrpcService<ProbeDoor>();
        more?.Invoke(builder);
    }
}

/// <summary>What the methods of <see cref="ProbeDoor"/> do besides answering.</summary>
internal sealed class ProbeAnswers
{
    public Func<ServerCallContext, Task> BeforeAnswer { get; set; } = _ => Task.CompletedTask;

    public Caller? Caller { get; set; }
}

internal sealed class ProbeDoor(ProbeAnswers answers) : ProfileService.ProfileServiceBase
{
    [RequiresRole(Role.Viewer)]
    public override async Task<ProfileSchema> GetProfileSchema(GetProfileSchemaRequest request, ServerCallContext context)
    {
        answers.Caller = Caller.Of(context);
        await answers.BeforeAnswer(context);
        return new ProfileSchema { Name = request.Name };
    }

    [RequiresRole(Role.Contributor, OrServices = ["exports"], OrWorkers = true)]
    public override Task<ProfileSchema> UpdateProfileSchema(UpdateProfileSchemaRequest request, ServerCallContext context) =>
        Task.FromResult(request.ProfileSchema);

    [RequiresRole(Role.Contributor)]
    public override async Task<ImportProfilesResponse> ImportProfiles(IAsyncStreamReader<ImportProfilesRequest> requestStream, ServerCallContext context)
    {
        var response = new ImportProfilesResponse();
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            response.RowsRead++;
            response.Inserted += requestStream.Current.Header is null ? 0 : 1;
        }

        return response;
    }

    [RequiresService("exports")]
    public override Task<ProfileStatistics> GetProfileStatistics(GetProfileStatisticsRequest request, ServerCallContext context) =>
        Task.FromResult(new ProfileStatistics());

    [RequiresCaller]
    public override async Task<DeleteProfilesResponse> DeleteProfiles(DeleteProfilesRequest request, ServerCallContext context)
    {
        await answers.BeforeAnswer(context);
        return new DeleteProfilesResponse();
    }

    // UpsertProfiles states nothing.
    public override Task<UpsertProfilesResponse> UpsertProfiles(UpsertProfilesRequest request, ServerCallContext context) =>
        Task.FromResult(new UpsertProfilesResponse());
}

/// <summary>A second service, to tell owners apart.</summary>
internal sealed class OtherApp : IServiceApp
{
    public string AppId => "exports";

    public void Configure(ServiceBuilder builder) => builder
        .AddGrpcClient<ProfileService.ProfileServiceClient>("segments")
        .AddGrpcService<OtherDoor>();
}

/// <summary>Streams one page when the other service lets it read its statistics.</summary>
internal sealed class OtherDoor(ProfileService.ProfileServiceClient profiles) : MembershipService.MembershipServiceBase
{
    [RequiresCaller]
    public override async Task StreamMembers(StreamMembersRequest request, IServerStreamWriter<MembershipPage> responseStream, ServerCallContext context)
    {
        await profiles.GetProfileStatisticsAsync(new GetProfileStatisticsRequest(), cancellationToken: context.CancellationToken);
        await responseStream.WriteAsync(new MembershipPage(), context.CancellationToken);
    }
}
