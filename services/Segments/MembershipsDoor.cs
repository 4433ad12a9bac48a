using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Segments.Streaming;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;
using Grpc.Core;
using Wire = CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Segments;

/// <summary>The door to members and their changes.</summary>
internal sealed class MembershipsDoor(Database database) : Wire.MembershipService.MembershipServiceBase
{
    [RequiresRole(Role.Viewer, OrServices = ["worker-braze"])]
    public override async Task StreamMembers(StreamMembersRequest request, IServerStreamWriter<MembershipPage> responseStream, ServerCallContext context)
    {
        var wanted = MembershipRequest.Parse(ParseParent(request.Parent), request.Segments, request.Attributes).OrThrow();
        await using var snapshot = (await MembershipSnapshot.OpenAsync(database, wanted, context.CancellationToken)).OrThrow();
        await foreach (var page in snapshot.ReadMembersAsync(request.StartAfter, context.CancellationToken))
        {
            await responseStream.WriteAsync(page, context.CancellationToken);
        }
    }

    [RequiresRole(Role.Viewer, OrServices = ["worker-braze"])]
    public override async Task StreamChanges(StreamChangesRequest request, IServerStreamWriter<MembershipPage> responseStream, ServerCallContext context)
    {
        var wanted = MembershipRequest.Parse(ParseParent(request.Parent), request.Segments, request.Attributes).OrThrow();
        var since = ParsePosition(request.Since);
        await using var snapshot = (await MembershipSnapshot.OpenAsync(database, wanted, context.CancellationToken)).OrThrow();
        if (snapshot.CheckPosition(since) is { } refusal)
        {
            throw refusal.ToRpcException();
        }

        await foreach (var page in snapshot.ReadChangesAsync(since, context.CancellationToken))
        {
            await responseStream.WriteAsync(page, context.CancellationToken);
        }
    }

    private static string ParseParent(string parent) => ResourceName.Parse("environments/*", parent) is [var environment]
        ? environment
        : throw Refusal.Invalid("parent", "must be \"environments/{environment}\".").ToRpcException();

    private static Streaming.FeedPosition ParsePosition(Wire.FeedPosition? position) => position is null
        ? throw Refusal.Invalid("since", "is required: the position of the first page of an earlier stream.").ToRpcException()
        : new Streaming.FeedPosition(position.ChangeNumber, position.SegmentVersions);
}
