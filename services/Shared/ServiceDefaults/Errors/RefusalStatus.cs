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

    // Many peers take 8 KiB of trailers in all, and details weigh a third more on the wire. Paths and descriptions may
    // quote what a caller chose.
    private const int MaxDetails = 4500;
    private const int MaxMessage = 2000;
    private const int MaxText = 256;
    private const char Ellipsis = '\u2026';

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
        var message = Cut(refusal.Message, MaxMessage);
        var details = new Google.Rpc.Status { Code = (int)code, Message = message };
        if (refusal.Reason is { } reason)
        {
            // The package has an early copy of the message, where "reason" (field 1) was called "type": equal on the wire.
            details.Details.Add(Any.Pack(new ErrorInfo { Reason = reason, Domain = Domain }));
        }

        if (refusal.Violations.Count > 0)
        {
            details.Details.Add(Any.Pack(ListViolations(refusal.Violations, MaxDetails - details.CalculateSize())));
        }

        var trailers = new Metadata { { DetailsTrailer, details.ToByteArray() } };
        return new RpcException(new Grpc.Core.Status(code, message), trailers);
    }

    /// <summary>Reads the rich status a server sent, or null when there is none.</summary>
    public static Google.Rpc.Status? GetRichStatus(this RpcException exception) =>
        exception.Trailers.GetValueBytes(DetailsTrailer) is { } bytes ? Google.Rpc.Status.Parser.ParseFrom(bytes) : null;

    /// <summary>The ErrorInfo reason a server sent, or null.</summary>
    public static string? GetReason(this RpcException exception) =>
        exception.GetRichStatus()?.Details.FirstOrDefault(d => d.Is(ErrorInfo.Descriptor))?.Unpack<ErrorInfo>().Reason;

    // Enough violations to repair a form, not a whole file.
    private static BadRequest ListViolations(IReadOnlyList<FieldViolation> violations, int room)
    {
        var listed = new BadRequest();
        foreach (var violation in violations)
        {
            listed.FieldViolations.Add(new BadRequest.Types.FieldViolation { Field = Cut(violation.Field, MaxText), Description = Cut(violation.Description, MaxText) });
            if (listed.CalculateSize() > room)
            {
                listed.FieldViolations.RemoveAt(listed.FieldViolations.Count - 1);
                break;
            }
        }

        return listed;
    }

    /// <summary>The text, or its beginning; in octets that percent-encoding makes of it.</summary>
    private static string Cut(string text, int max)
    {
        var (kept, octets) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            octets += rune is { IsAscii: true, Value: >= ' ' and not '%' } ? 1 : 3 * rune.Utf8SequenceLength;
            if (octets > max)
            {
                return text[..kept] + Ellipsis;
            }

            kept += rune.Utf16SequenceLength;
        }

        return text;
    }
}
