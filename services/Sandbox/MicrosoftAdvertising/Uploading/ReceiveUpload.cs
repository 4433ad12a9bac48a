using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

/// <summary>POST to an upload address: takes one file. Its headers have other names than those of the other operations.</summary>
internal static class ReceiveUpload
{
    public static VendorAnswer Handle(MicrosoftAdvertisingCall call)
    {
        if (call.Sandbox.Uploads.FindToken(call.Tail) is not { } upload)
        {
            return Faults.Upload(call, VendorErrors.InvalidUploadUrl);
        }

        call.RequestId = upload.RequestId;
        if ((CallerProblem(call, upload) ?? UrlProblem(call, upload)) is { } refused)
        {
            return Faults.Upload(call, refused);
        }

        var files = SentFile.Read(call.Request.ContentType, call.Body);
        if (files is not [var sent])
        {
            return Faults.Upload(call, files.Count == 0 ? VendorErrors.NoFile : VendorErrors.MultipleFiles);
        }

        var bytes = sent.Bytes.ToArray();
        if (TimeFor(call, sent.Name, bytes, out var problem) is not { } time)
        {
            return Faults.Upload(call, problem!.Value);
        }

        var ending = call.Decision.Ending is { Kind: FaultKind.EndUpload } fault ? fault.RequestStatus : null;
        if (!call.Sandbox.Uploads.Receive(upload, new ReceivedFile(bytes, sent.Name, ending, call.Decision.Rejections, call.Now, call.Now + time)))
        {
            return Faults.Upload(call, VendorErrors.UrlUsed);
        }

        call.Committed = true;
        call.Sandbox.Counters.Upload();
        return JsonAnswers.Write(StatusCodes.Status200OK, call, static (writer, received) =>
        {
            writer.WriteString("TrackingId"u8, received.TrackingId);
            writer.WriteString("RequestId"u8, received.RequestId);
        });
    }

    private static int? CallerProblem(MicrosoftAdvertisingCall call, BulkUpload upload)
    {
        var headers = call.Request.Headers;
        if (CheckCaller.IdentityProblem(call, headers["AuthenticationToken"], headers["DeveloperToken"]) is { } problem)
        {
            return problem;
        }

        // The vendor's prose has CustomerAccountId, its example AccountId; which of them counts is not documented.
        var account = headers["AccountId"].ToString();
        var other = headers["CustomerAccountId"].ToString();
        var named = account.Length > 0 ? account : other;
        return CheckCaller.AccountProblem(call, headers["CustomerId"], named)
            ?? ((other.Length > 0 && other != named) || call.Account!.AccountId != upload.Account.AccountId || call.User!.UserName != upload.UserName
                ? VendorErrors.UserIsNotAuthorized
                : null);
    }

    private static int? UrlProblem(MicrosoftAdvertisingCall call, BulkUpload upload) =>
        upload.File is not null ? VendorErrors.UrlUsed
        : upload.UrlExpires <= call.Now ? VendorErrors.UrlExpired
        : call.Slot is { IsOverLimit: true } ? VendorErrors.TooManyUploads
        : null;

    /// <summary>How long the file will be worked on; null and the problem when it is none.</summary>
    private static TimeSpan? TimeFor(MicrosoftAdvertisingCall call, string name, byte[] bytes, out int? problem)
    {
        (var rows, problem) = UploadedRows.Open(name, bytes);
        using (rows)
        {
            var perThousand = call.Sandbox.Settings.ProcessingMillisecondsPerThousandRows;
            return rows is null ? null : TimeSpan.FromMilliseconds(perThousand == 0 ? 0 : rows.Reader.CountRows() * (double)perThousand / 1_000);
        }
    }
}
