using CustomerInsights.Connections.Defining;
using CustomerInsights.Connections.Removing;
using CustomerInsights.Connections.SigningIn;
using CustomerInsights.Connections.Verifying;
using CustomerInsights.Connections.Viewing;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using Grpc.Core;
using Wire = CustomerInsights.Contracts.Connections.V1;

namespace CustomerInsights.Connections;

/// <summary>What administrators do with connections.</summary>
internal sealed record ConnectionActions(CreateConnection Create, UpdateConnection Update, DeleteConnection Delete, VerifyConnection Verify, AddExportUser AddExportUser, BeginSignIn SignIn);

/// <summary>The door for people.</summary>
internal sealed class ConnectionDoor(ConnectionActions actions, ViewConnections view, ConnectionTypes types, ConnectionWire wire) : ConnectionService.ConnectionServiceBase
{
    [RequiresRole(Role.Administrator)]
    public override async Task<Wire.Connection> CreateConnection(CreateConnectionRequest request, ServerCallContext context)
    {
        var draft = ConnectionDraft.Parse(request, types).OrThrow();
        var created = await actions.Create.RunAsync(Caller.Of(context), draft, request.ValidateOnly, context.CancellationToken);
        return wire.WriteDetails(created.OrThrow());
    }

    [RequiresRole(Role.Administrator)]
    public override async Task<Wire.Connection> GetConnection(GetConnectionRequest request, ServerCallContext context)
    {
        var connection = await view.OneAsync(ConnectionName.Parse(request.Name).OrThrow(), context.CancellationToken);
        return wire.WriteDetails(connection.OrThrow());
    }

    [RequiresRole(Role.Contributor)]
    public override async Task<ListConnectionsResponse> ListConnections(ListConnectionsRequest request, ServerCallContext context)
    {
        var page = (await view.PageAsync(Caller.Of(context), request.Parent, request.PageSize, request.PageToken, context.CancellationToken)).OrThrow();
        var response = new ListConnectionsResponse { NextPageToken = page.NextPageToken };
        response.Connections.Add(page.Connections.Select(connection => page.InDetail ? wire.WriteDetails(connection) : wire.WriteOutline(connection)));
        return response;
    }

    [RequiresRole(Role.Administrator)]
    public override async Task<Wire.Connection> UpdateConnection(UpdateConnectionRequest request, ServerCallContext context)
    {
        var change = ConnectionChange.Parse(request, types).OrThrow();
        var updated = await actions.Update.RunAsync(Caller.Of(context), change, context.CancellationToken);
        return wire.WriteDetails(updated.OrThrow());
    }

    [RequiresRole(Role.Administrator)]
    public override async Task<DeleteConnectionResponse> DeleteConnection(DeleteConnectionRequest request, ServerCallContext context)
    {
        var name = ConnectionName.Parse(request.Name).OrThrow();
        var refusal = await actions.Delete.RunAsync(Caller.Of(context), name, request.Etag, context.CancellationToken);
        return refusal is null ? new DeleteConnectionResponse() : throw refusal.ToRpcException();
    }

    [RequiresRole(Role.Administrator)]
    public override async Task<VerifyConnectionResponse> VerifyConnection(VerifyConnectionRequest request, ServerCallContext context)
    {
        var verified = await actions.Verify.RunAsync(Caller.Of(context), ConnectionName.Parse(request.Name).OrThrow(), context.CancellationToken);
        return new VerifyConnectionResponse { Connection = wire.WriteDetails(verified.OrThrow()) };
    }

    [RequiresRole(Role.Administrator)]
    public override async Task<Wire.Connection> AddExportUser(AddExportUserRequest request, ServerCallContext context)
    {
        var updated = await actions.AddExportUser.RunAsync(Caller.Of(context), ConnectionName.Parse(request.Name).OrThrow(), context.CancellationToken);
        return wire.WriteDetails(updated.OrThrow());
    }

    [RequiresRole(Role.Administrator)]
    public override async Task<Wire.SignIn> BeginSignIn(BeginSignInRequest request, ServerCallContext context)
    {
        var begun = (await actions.SignIn.RunAsync(Caller.Of(context), request.Parent, request.Service, context.CancellationToken)).OrThrow();
        var message = ConnectionWire.Write(begun.SignIn);
        message.SignInUri = begun.Link.AbsoluteUri;
        return message;
    }

    [RequiresRole(Role.Administrator)]
    public override async Task<Wire.SignIn> GetSignIn(GetSignInRequest request, ServerCallContext context)
    {
        var signIn = await actions.SignIn.FindAsync(Caller.Of(context), SignInName.Parse(request.Name).OrThrow(), context.CancellationToken);
        return ConnectionWire.Write(signIn.OrThrow());
    }
}
