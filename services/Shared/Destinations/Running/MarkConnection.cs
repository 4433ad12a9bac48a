using CustomerInsights.Contracts.Connections.V1;
using CustomerInsights.Contracts.Exports.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Destinations.Running;

/// <summary>Tells Connections that the destination refused the credential (EXP-37). A connection that is gone needs no mark.</summary>
internal sealed partial class MarkConnection(CredentialService.CredentialServiceClient credentials, ILogger<MarkConnection> logger)
{
    public async Task RunAsync(RunAssignment assignment, string reason, CancellationToken cancellationToken)
    {
        var connection = assignment.Export.Connection;
        try
        {
            var refused = new ReportRefusedCredentialRequest { Name = connection, Run = assignment.Run, Reason = reason };
            await credentials.ReportRefusedCredentialAsync(refused, cancellationToken: cancellationToken);
        }
        catch (RpcException gone) when (gone.StatusCode == StatusCode.NotFound)
        {
            Log.Gone(logger, connection, assignment.Run);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Connection} was removed during {Run}; there is nothing to mark")]
        public static partial void Gone(ILogger logger, string connection, string run);
    }
}
