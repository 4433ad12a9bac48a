using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Environments.Creating;
using CustomerInsights.Environments.Permitting;
using CustomerInsights.Environments.Viewing;
using CustomerInsights.ServiceDefaults.Identity;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Environment = CustomerInsights.Contracts.Environments.V1.Environment;

namespace CustomerInsights.Environments;

/// <summary>The gRPC door of environments and roles.</summary>
internal sealed class EnvironmentsDoor(
    CreateEnvironment create, FindEnvironment find, ListEnvironments list, RoleCases roles)
    : EnvironmentService.EnvironmentServiceBase
{
    [RequiresCaller(PlatformAdministrator = true)]
    public override async Task<Environment> CreateEnvironment(CreateEnvironmentRequest request, ServerCallContext context)
    {
        var draft = EnvironmentDraft.Parse(request).OrThrow();
        var (caller, token) = (Caller.Of(context), context.CancellationToken);
        var created = request.ValidateOnly
            ? await create.RehearseAsync(caller, draft, request.RequestId, token)
            : await create.RunAsync(caller, draft, request.RequestId, token);
        return Shape(created.OrThrow());
    }

    [RequiresRole(Role.Viewer)]
    public override async Task<Environment> GetEnvironment(GetEnvironmentRequest request, ServerCallContext context) =>
        Shape((await find.RunAsync(request.Name, context.CancellationToken)).OrThrow());

    [RequiresCaller]
    public override async Task<ListEnvironmentsResponse> ListEnvironments(ListEnvironmentsRequest request, ServerCallContext context)
    {
        var page = (await list.RunAsync(Caller.Of(context), request.PageSize, request.PageToken, context.CancellationToken)).OrThrow();
        return new ListEnvironmentsResponse { Environments = { page.Environments.Select(Shape) }, NextPageToken = page.NextPageToken };
    }

    [RequiresRole(Role.Administrator)]
    public override async Task<RoleAssignment> AssignRole(AssignRoleRequest request, ServerCallContext context) =>
        Shape((await roles.Assign.RunAsync(Caller.Of(context), request, context.CancellationToken)).OrThrow());

    [RequiresRole(Role.Administrator)]
    public override async Task<RemoveRoleResponse> RemoveRole(RemoveRoleRequest request, ServerCallContext context)
    {
        (await roles.Remove.RunAsync(Caller.Of(context), request, context.CancellationToken)).OrThrow();
        return new RemoveRoleResponse();
    }

    [RequiresRole(Role.Administrator)]
    public override async Task<ListRoleAssignmentsResponse> ListRoleAssignments(ListRoleAssignmentsRequest request, ServerCallContext context)
    {
        var page = (await roles.List.RunAsync(request, context.CancellationToken)).OrThrow();
        return new ListRoleAssignmentsResponse { RoleAssignments = { page.Assignments.Select(Shape) }, NextPageToken = page.NextPageToken };
    }

    [RequiresService]
    public override async Task<EffectiveRole> GetEffectiveRole(GetEffectiveRoleRequest request, ServerCallContext context) =>
        (await roles.FindEffective.RunAsync(request, context.CancellationToken)).OrThrow();

    private static Environment Shape(StoredEnvironment environment) => new()
    {
        Name = $"environments/{environment.Definition.Id}",
        DisplayName = environment.Definition.DisplayName,
        Type = environment.Definition.Type,
        PrimaryAudience = environment.Definition.PrimaryAudience,
        Region = environment.Definition.Region,
        StorageKind = environment.Definition.StorageKind,
        AttachedOrganization = environment.Definition.AttachedOrganization,
        CreateTime = environment.CreatedAt is { } at ? Timestamp.FromDateTimeOffset(at) : null,
        Etag = environment.Etag,
    };

    private static RoleAssignment Shape(AssignedRole assigned) => new()
    {
        Principal = assigned.Principal,
        Role = assigned.Role,
        AssignTime = Timestamp.FromDateTimeOffset(assigned.AssignedAt),
        AssignedBy = assigned.AssignedBy,
    };
}
