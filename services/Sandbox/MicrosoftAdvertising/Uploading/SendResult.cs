using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

/// <summary>GET of a result address: the zipped result file, as long as the address and the file live.</summary>
internal static class SendResult
{
    public static VendorAnswer Handle(MicrosoftAdvertisingCall call)
    {
        if (call.Sandbox.Uploads.FindResult(call.Tail, call.Now) is not { } result)
        {
            return new VendorAnswer(StatusCodes.Status404NotFound, default, "text/plain");
        }

        var sent = call.Decision.Ending is { } fault ? TamperResult.Apply(fault.Kind, result) : result;
        return new VendorAnswer(StatusCodes.Status200OK, sent, "application/zip");
    }
}
