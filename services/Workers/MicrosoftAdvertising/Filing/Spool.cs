namespace CustomerInsights.Workers.MicrosoftAdvertising.Filing;

/// <summary>A file on its way: nameless to others, and gone when it is closed.</summary>
internal static class Spool
{
    private const int BufferBytes = 64 * 1024;

    public static FileStream Open(string folder)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            BufferSize = BufferBytes,
            Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(Path.Combine(folder, Path.GetRandomFileName()), options);
    }
}
