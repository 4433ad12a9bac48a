using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Segments.Defining;
using CustomerInsights.Segments.Refreshing;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using Grpc.Core;
using Wire = CustomerInsights.Contracts.Segments.V1;

namespace CustomerInsights.Segments;

/// <summary>What people do with segments.</summary>
internal sealed record SegmentActions(CreateSegment Create, ViewSegments View, UpdateSegment Update, DeleteSegment Delete);

/// <summary>What people do with refreshes.</summary>
internal sealed record RefreshActions(RequestRefresh Request, ViewRefreshes View, CancelRefresh Cancel);

/// <summary>The door to segments and their refreshes.</summary>
internal sealed class SegmentsDoor(SegmentActions segments, RefreshActions refreshes) : Wire.SegmentService.SegmentServiceBase
{
    private const string NotAnEnvironment = "must be \"environments/{environment}\".";

    [RequiresRole(Role.Contributor)]
    public override async Task<Wire.Segment> CreateSegment(CreateSegmentRequest request, ServerCallContext context)
    {
        var definition = SegmentWire.Read(request.Segment ?? new Wire.Segment(), unspecified: Defining.SegmentState.Inactive);
        var wanted = new NewSegment(ParseParent(request.Parent), request.SegmentId, definition, request.RequestId, request.ValidateOnly);
        return SegmentWire.Write((await segments.Create.RunAsync(wanted, Caller.Of(context).Principal, context.CancellationToken)).OrThrow());
    }

    [RequiresRole(Role.Viewer, OrServices = ["exports"], OrWorkers = true)]
    public override async Task<Wire.Segment> GetSegment(GetSegmentRequest request, ServerCallContext context)
    {
        var segment = await segments.View.OneAsync(SegmentName.Parse(request.Name).OrThrow(), context.CancellationToken);
        return SegmentWire.Write(segment.OrThrow());
    }

    [RequiresRole(Role.Viewer, OrServices = ["exports"])]
    public override async Task<ListSegmentsResponse> ListSegments(ListSegmentsRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        var paging = Paging.Parse(request.PageSize, request.PageToken, violations);
        var environment = ResourceName.Parse("environments/*", request.Parent) is [var id] ? id : "";
        violations.Check(environment.Length > 0, "parent", NotAnEnvironment);
        Refuse(violations);
        var page = await segments.View.PageAsync(environment, paging, context.CancellationToken);
        var response = new ListSegmentsResponse { NextPageToken = paging.NextToken(page, segment => segment.Name.Segment) };
        response.Segments.Add(page.Take(paging.Size).Select(SegmentWire.Write));
        return response;
    }

    [RequiresRole(Role.Contributor)]
    public override async Task<Wire.Segment> UpdateSegment(UpdateSegmentRequest request, ServerCallContext context)
    {
        var definition = SegmentWire.Read(request.Segment, unspecified: default);
        var change = new SegmentChange(request.Segment.Name, request.Segment.Etag, request.UpdateMask?.Paths ?? [], definition);
        return SegmentWire.Write((await segments.Update.RunAsync(change, Caller.Of(context).Principal, context.CancellationToken)).OrThrow());
    }

    [RequiresRole(Role.Contributor)]
    public override async Task<DeleteSegmentResponse> DeleteSegment(DeleteSegmentRequest request, ServerCallContext context)
    {
        var refusal = await segments.Delete.RunAsync(SegmentName.Parse(request.Name).OrThrow(), request.Etag, context.CancellationToken);
        return refusal is null ? new DeleteSegmentResponse() : throw refusal.ToRpcException();
    }

    [RequiresRole(Role.Contributor)]
    public override async Task<Wire.SegmentRefresh> RefreshSegment(RefreshSegmentRequest request, ServerCallContext context)
    {
        var name = SegmentName.Parse(request.Name).OrThrow();
        var refresh = await refreshes.Request.RunAsync(name, request.RequestId, Caller.Of(context).Principal, context.CancellationToken);
        return SegmentWire.Write(refresh.OrThrow());
    }

    [RequiresRole(Role.Viewer)]
    public override async Task<Wire.SegmentRefresh> GetSegmentRefresh(GetSegmentRefreshRequest request, ServerCallContext context)
    {
        var refresh = await refreshes.View.OneAsync(RefreshName.Parse(request.Name).OrThrow(), context.CancellationToken);
        return SegmentWire.Write(refresh.OrThrow());
    }

    [RequiresRole(Role.Viewer)]
    public override async Task<ListSegmentRefreshesResponse> ListSegmentRefreshes(ListSegmentRefreshesRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        var paging = Paging.Parse(request.PageSize, request.PageToken, violations);
        var segment = SegmentName.TryParse(request.Parent);
        violations.Check(segment is not null, "parent", "must be \"environments/{environment}/segments/{segment}\".");
        Refuse(violations);
        var page = (await refreshes.View.PageAsync(segment!, paging, context.CancellationToken)).OrThrow();
        var response = new ListSegmentRefreshesResponse { NextPageToken = paging.NextToken(page, refresh => refresh.Name.Refresh) };
        response.Refreshes.Add(page.Take(paging.Size).Select(SegmentWire.Write));
        return response;
    }

    [RequiresRole(Role.Contributor)]
    public override async Task<Wire.SegmentRefresh> CancelSegmentRefresh(CancelSegmentRefreshRequest request, ServerCallContext context)
    {
        var refresh = await refreshes.Cancel.RunAsync(RefreshName.Parse(request.Name).OrThrow(), context.CancellationToken);
        return SegmentWire.Write(refresh.OrThrow());
    }

    private static string ParseParent(string parent) => ResourceName.Parse("environments/*", parent) is [var environment]
        ? environment
        : throw Refusal.Invalid("parent", NotAnEnvironment).ToRpcException();

    private static void Refuse(Violations violations)
    {
        if (!violations.None)
        {
            throw violations.ToRefusal().ToRpcException();
        }
    }
}
