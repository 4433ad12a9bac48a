using System.Collections.Concurrent;
using CustomerInsights.Contracts.Connections.V1;
using Grpc.Core;

namespace CustomerInsights.Destinations.Contract;

/// <summary>Stands in for Connections: hands the credential out and keeps who reported it.</summary>
public sealed class FakeConnections(Credential credential) : CredentialService.CredentialServiceBase
{
    public Credential Credential { get; set; } = credential;

    /// <summary>The account that it opens.</summary>
    public string Account { get; set; } = "account";

    /// <summary>Refuses to hand it out.</summary>
    public RpcException? Refusal { get; set; }

    /// <summary>Refuses to be told that the destination refused it.</summary>
    public RpcException? ReportRefusal { get; set; }

    public int Fetched { get; private set; }

    public ConcurrentQueue<ReportRefusedCredentialRequest> Refused { get; } = new();

    public override Task<Credential> FetchCredential(FetchCredentialRequest request, ServerCallContext context)
    {
        Fetched++;
        return Refusal is { } refusal ? throw refusal : Task.FromResult(new Credential(Credential) { DestinationAccount = Account });
    }

    public override Task<ReportRefusedCredentialResponse> ReportRefusedCredential(ReportRefusedCredentialRequest request, ServerCallContext context)
    {
        Refused.Enqueue(request);
        return ReportRefusal is { } refusal ? throw refusal : Task.FromResult(new ReportRefusedCredentialResponse());
    }
}
