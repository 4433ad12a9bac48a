using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

internal sealed record UploadStatusRequest
{
    public string? RequestId { get; init; }
}

/// <summary>POST BulkUploadStatus/Query: how far the file is, and when it is done, where its result can be fetched.</summary>
internal static class TellUploadStatus
{
    private const int Begun = 10;

    public static VendorAnswer Handle(MicrosoftAdvertisingCall call)
    {
        var (request, refusal) = ReadRequest.As(call, SentJson.Default.UploadStatusRequest);
        if (refusal is { } refused)
        {
            return refused;
        }

        if (call.Sandbox.Uploads.FindRequest(request!.RequestId) is not { } upload
            || upload.Account.AccountId != call.Account!.AccountId
            || upload.UserName != call.User!.UserName)
        {
            return Faults.Whole(call, VendorErrors.InvalidRequestId);
        }

        call.RequestId = upload.RequestId;
        var (status, percent) = call.Decision.Ending?.Kind == FaultKind.HoldUpload ? (UploadStatus.InProgress, 50) : Standing(upload, call.Now);
        var result = status is UploadStatus.Completed or UploadStatus.CompletedWithErrors
            ? FileAddress.Of(call, MicrosoftAdvertisingRoutes.ResultPath, call.Sandbox.Uploads.ShareResult(upload, call.Now))
            : null;
        return Answer(status, percent, upload.Outcome?.Error, result);
    }

    private static (string Status, int Percent) Standing(BulkUpload upload, DateTimeOffset now)
    {
        if (upload.File is not { } file)
        {
            return (upload.UrlExpires > now ? UploadStatus.PendingFileUpload : UploadStatus.Expired, 0);
        }

        if (upload.Outcome is { } outcome)
        {
            return upload.ResultGone <= now ? (UploadStatus.Expired, 0)
                : (outcome.Status, outcome.Status is UploadStatus.Completed or UploadStatus.CompletedWithErrors ? 100 : 0);
        }

        var percent = (int)(100 * ((now - file.ReceivedAt) / (file.DueAt - file.ReceivedAt)));
        return percent < Begun ? (UploadStatus.FileUploaded, 0) : (UploadStatus.InProgress, Math.Min(percent, 99));
    }

    private static VendorAnswer Answer(string status, int percent, int? error, string? result) =>
        JsonAnswers.Write(StatusCodes.Status200OK, (status, percent, error, result), static (writer, told) =>
        {
            writer.WriteStartArray("Errors"u8);
            if (told.error is { } code)
            {
                var error = VendorErrors.Find(code);
                writer.WriteStartObject();
                writer.WriteNumber("Code"u8, error.Code);
                writer.WriteNull("Details"u8);
                writer.WriteString("ErrorCode"u8, error.Name);
                writer.WriteString("Message"u8, error.Message);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartArray("ForwardCompatibilityMap"u8);
            writer.WriteEndArray();
            writer.WriteNumber("PercentComplete"u8, told.percent);
            writer.WriteString("RequestStatus"u8, told.status);
            writer.WriteString("ResultFileUrl"u8, told.result);
        });
}
