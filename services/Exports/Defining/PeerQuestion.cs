using Grpc.Core;

namespace CustomerInsights.Exports.Defining;

/// <summary>Questions to other services about things that may not exist.</summary>
internal static class PeerQuestion
{
    /// <summary>The answer; null when the thing does not exist. Outages go up as they are.</summary>
    public static async Task<T?> FindAsync<T>(AsyncUnaryCall<T> call)
        where T : class
    {
        try
        {
            return await call;
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.PermissionDenied or StatusCode.Unauthenticated or StatusCode.InvalidArgument)
        {
            // It is this process that was refused; whoever called it must not be told that they are at fault.
            throw new InvalidOperationException("Another service refused to answer this one.", exception);
        }
    }
}
