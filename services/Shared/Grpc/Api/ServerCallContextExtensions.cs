using CustomerInsights.Rpc.Serving;
using Microsoft.AspNetCore.Http;

namespace Grpc.Core;

public static class ServerCallContextExtensions
{
    /// <summary>The HTTP request behind the call.</summary>
    /// <exception cref="InvalidOperationException">The context doesn't come from this server, as in unit tests.</exception>
    public static HttpContext GetHttpContext(this ServerCallContext serverCallContext) =>
        serverCallContext is ServerCall call
            ? call.HttpContext
            : throw new InvalidOperationException("The call has no HTTP request behind it.");
}
