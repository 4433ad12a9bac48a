using CustomerInsights.Connections.Defining;
using CustomerInsights.Connections.Fetching;
using CustomerInsights.Connections.Viewing;
using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.ServiceDefaults.Identity;
using Grpc.Core;

namespace CustomerInsights.Connections;

/// <summary>The door for processes of this system. Which worker may have which credential, the type of the connection says.</summary>
internal sealed class CredentialDoor(FetchCredential fetch, ReportRefusedCredential report, ViewConnections view, ConnectionWire wire) : CredentialService.CredentialServiceBase
{
    [RequiresWorker]
    public override async Task<Credential> FetchCredential(FetchCredentialRequest request, ServerCallContext context)
    {
        var name = ConnectionName.Parse(request.Name).OrThrow();
        var run = RunName.Parse(request.Run, name.Environment).OrThrow();
        return wire.WriteCredential((await fetch.RunAsync(Caller.Of(context), new CredentialWish(name, run, request.Renew), context.CancellationToken)).OrThrow());
    }

    [RequiresWorker]
    public override async Task<ReportRefusedCredentialResponse> ReportRefusedCredential(ReportRefusedCredentialRequest request, ServerCallContext context)
    {
        var name = ConnectionName.Parse(request.Name).OrThrow();
        var run = RunName.Parse(request.Run, name.Environment).OrThrow();
        (await report.RunAsync(Caller.Of(context), name, run, request.Reason, context.CancellationToken)).OrThrow();
        return new ReportRefusedCredentialResponse();
    }

    [RequiresService]
    public override async Task<ConnectionSummary> DescribeConnection(DescribeConnectionRequest request, ServerCallContext context)
    {
        var connection = await view.OneAsync(ConnectionName.Parse(request.Name).OrThrow(), context.CancellationToken);
        return wire.WriteSummary(connection.OrThrow());
    }
}
