using CustomerInsights.ServiceDefaults.Errors;
using Google.Rpc;
using Grpc.Core;

namespace CustomerInsights.Exports.Tests.Staging;

/// <summary>What a refused call says.</summary>
internal sealed record RefusedCall(StatusCode Status, string? Reason, string Message, IReadOnlyList<string> Fields)
{
    /// <summary>The refusal of a call that must be refused.</summary>
    public static async Task<RefusedCall> OfAsync<T>(AsyncUnaryCall<T> call)
    {
        try
        {
            await call;
        }
        catch (RpcException exception)
        {
            var fields = exception.GetRichStatus()?.Details.Where(detail => detail.Is(BadRequest.Descriptor))
                .SelectMany(detail => detail.Unpack<BadRequest>().FieldViolations).Select(violation => violation.Field);
            return new RefusedCall(exception.StatusCode, exception.GetReason(), exception.Status.Detail, [.. fields ?? []]);
        }

        throw new AssertionException("The call should have been refused.");
    }
}
