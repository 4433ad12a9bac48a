using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Segments.Streaming;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Storage;
using Grpc.Core;
using Wire = CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Segments;

/// <summary>The door to members and their changes.</summary>
internal sealed class MembershipsDoor(Database database, OpenStreams streams) : Wire.MembershipService.MembershipServiceBase
{
    [RequiresRole(Role.Viewer, OrWorkers = true)]
    public override async Task StreamMembers(StreamMembersRequest request, IServerStreamWriter<MembershipPage> responseStream, ServerCallContext context)
    {
        using var place = streams.Enter().OrThrow();
        var violations = new Violations();
        var wanted = MembershipRequest.Parse(request.Parent, request.Segments, request.Attributes, violations);
        MembershipRequest.CheckStartAfter(request.StartAfter, violations);
        await using var snapshot = (await MembershipSnapshot.OpenAsync(database, wanted, violations, context.CancellationToken)).OrThrow();
        await streams.SendAsync(snapshot.ReadMembersAsync(request.StartAfter, context.CancellationToken), responseStream, context.CancellationToken);
    }

    [RequiresRole(Role.Viewer, OrWorkers = true)]
    public override async Task StreamChanges(StreamChangesRequest request, IServerStreamWriter<MembershipPage> responseStream, ServerCallContext context)
    {
        using var place = streams.Enter().OrThrow();
        var violations = new Violations();
        var wanted = MembershipRequest.Parse(request.Parent, request.Segments, request.Attributes, violations);
        violations.Check(request.Since is not null, "since", "is required: the position of the first page of an earlier stream.");
        await using var snapshot = (await MembershipSnapshot.OpenAsync(database, wanted, violations, context.CancellationToken)).OrThrow();
        var since = new Streaming.FeedPosition(request.Since!.ChangeNumber, request.Since.SegmentVersions);
        if (snapshot.CheckPosition(since) is { } refusal)
        {
            throw refusal.ToRpcException();
        }

        await streams.SendAsync(snapshot.ReadChangesAsync(since, context.CancellationToken), responseStream, context.CancellationToken);
    }
}
