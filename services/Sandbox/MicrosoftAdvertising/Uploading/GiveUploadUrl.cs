using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

internal sealed record UploadUrlRequest
{
    public string? ResponseMode { get; init; }

    public string? AccountId { get; init; }
}

/// <summary>POST BulkUploadUrl/Query: an address for one file, good for one use within 15 minutes.</summary>
internal static class GiveUploadUrl
{
    public static VendorAnswer Handle(MicrosoftAdvertisingCall call)
    {
        var (request, refusal) = ReadRequest.As(call, SentJson.Default.UploadUrlRequest);
        if (refusal is { } refused)
        {
            return refused;
        }

        if (request!.ResponseMode is not (null or "ErrorsOnly" or "ErrorsAndResults"))
        {
            return Faults.Whole(call, VendorErrors.NullParameter, "ResponseMode must be ErrorsOnly or ErrorsAndResults.");
        }

        if (WireNumber.Parse(request.AccountId) != call.Account!.AccountId)
        {
            return Faults.Whole(call, VendorErrors.UserIsNotAuthorized, "AccountId must be the account of the headers.");
        }

        if (!call.Sandbox.TakeUpload(call.Account.AccountId, call.Now))
        {
            return Faults.Whole(call, VendorErrors.BulkRate);
        }

        var (upload, token) = call.Sandbox.Uploads.Create(call, request.ResponseMode == "ErrorsAndResults");
        call.RequestId = upload.RequestId;
        call.Committed = true;
        return JsonAnswers.Write(StatusCodes.Status200OK, (upload.RequestId, Address: FileAddress.Of(call, MicrosoftAdvertisingRoutes.UploadPath, token)), static (writer, given) =>
        {
            writer.WriteString("RequestId"u8, given.RequestId);
            writer.WriteString("UploadUrl"u8, given.Address);
        });
    }
}
