using Grpc.Core;

namespace CustomerInsights.Destinations.Running;

/// <summary>Tells what another service has refused for good from an outage, which passes.</summary>
public static class PeerRefusal
{
    /// <summary>Whether the same call would be answered alike however often it is repeated.</summary>
    public static bool IsFinal(this RpcException exception) => exception.StatusCode
        is StatusCode.InvalidArgument or StatusCode.NotFound or StatusCode.PermissionDenied or StatusCode.FailedPrecondition or StatusCode.Unimplemented;
}
