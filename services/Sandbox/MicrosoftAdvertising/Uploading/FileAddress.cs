namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

/// <summary>Addresses of files: at the vendor on hosts of their own.</summary>
internal static class FileAddress
{
    public static string Of(MicrosoftAdvertisingCall call, string path, string token)
    {
        var start = new UriBuilder(call.Sandbox.Options.UploadBase ?? call.Address);
        start.Port = start.Port == 0 ? call.Address.Port : start.Port;
        return new Uri(start.Uri, path + token).AbsoluteUri;
    }
}
