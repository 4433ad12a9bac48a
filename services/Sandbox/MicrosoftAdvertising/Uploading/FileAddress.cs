namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

/// <summary>Addresses of files: at the vendor on hosts of their own.</summary>
internal static class FileAddress
{
    public static string Of(MicrosoftAdvertisingCall call, string path, string token) =>
        new Uri(call.Sandbox.Options.UploadBase ?? call.Address, path + token).AbsoluteUri;
}
