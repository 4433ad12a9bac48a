using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace CustomerInsights.ServiceDefaults.Errors;

/// <summary>The one place that turns a <see cref="Refusal"/> into a gRPC status with google.rpc details.</summary>
public static class RefusalStatus
{
    private const string Domain = "customerinsights";
    private const string DetailsTrailer = "grpc-status-details-bin";
    private const int MaxViolations = 40;

    public static RpcException ToRpcException(this Refusal refusal)
    {
        var code = refusal.Kind switch
        {
            RefusalKind.InvalidArgument => StatusCode.InvalidArgument,
            RefusalKind.NotFound => StatusCode.NotFound,
            RefusalKind.AlreadyExists => StatusCode.AlreadyExists,
            RefusalKind.StaleEtag => StatusCode.Aborted,
            RefusalKind.FailedPrecondition => StatusCode.FailedPrecondition,
            RefusalKind.OutOfRange => StatusCode.OutOfRange,
            RefusalKind.Unauthenticated => StatusCode.Unauthenticated,
            RefusalKind.PermissionDenied => StatusCode.PermissionDenied,
            RefusalKind.ResourceExhausted => StatusCode.ResourceExhausted,
            RefusalKind.Unavailable => StatusCode.Unavailable,
            _ => StatusCode.Unknown,
        };
        var details = new Google.Rpc.Status { Code = (int)code, Message = refusal.Message };
        if (refusal.Reason is { } reason)
        {
            // The package has an early copy of the message, where "reason" (field 1) was called "type": equal on the wire.
            details.Details.Add(Any.Pack(new ErrorInfo { Reason = reason, Domain = Domain }));
        }

        if (refusal.Violations.Count > 0)
        {
            // Trailers count against header limits of peers: enough violations to repair a form, not a whole file.
            var badRequest = new BadRequest();
            badRequest.FieldViolations.AddRange(refusal.Violations.Take(MaxViolations)
                .Select(v => new BadRequest.Types.FieldViolation { Field = v.Field, Description = v.Description }));
            details.Details.Add(Any.Pack(badRequest));
        }

        var trailers = new Metadata { { DetailsTrailer, details.ToByteArray() } };
        return new RpcException(new Grpc.Core.Status(code, refusal.Message), trailers);
    }

    /// <summary>Reads the rich status a server sent, or null when there is none.</summary>
    public static Google.Rpc.Status? GetRichStatus(this RpcException exception) =>
        exception.Trailers.GetValueBytes(DetailsTrailer) is { } bytes ? Google.Rpc.Status.Parser.ParseFrom(bytes) : null;

    /// <summary>The ErrorInfo reason a server sent, or null.</summary>
    public static string? GetReason(this RpcException exception) =>
        exception.GetRichStatus()?.Details.FirstOrDefault(d => d.Is(ErrorInfo.Descriptor))?.Unpack<ErrorInfo>().Reason;
}
