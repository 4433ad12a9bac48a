namespace CustomerInsights.ServiceDefaults.Spooling;

/// <summary>
/// A file for what is too much for memory and must not outlive the process, however that ends: on Unix it has no name once it is open,
/// on Windows the system deletes it with the last handle. Nobody else can read it.
/// </summary>
public static class SpoolFile
{
    /// <param name="folder">Where there is room.</param>
    /// <param name="bufferBytes">Bytes that are gathered before they are written.</param>
    /// <param name="options">For asynchronous use, for example.</param>
    public static FileStream Open(string folder, int bufferBytes, FileOptions options = FileOptions.None)
    {
        var streamOptions = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Delete,
            Options = FileOptions.DeleteOnClose | options,
            BufferSize = bufferBytes,
        };
        if (!OperatingSystem.IsWindows())
        {
            streamOptions.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var file = new FileStream(Path.Combine(folder, Path.GetRandomFileName()), streamOptions);
        if (!OperatingSystem.IsWindows())
        {
            // Left to the close, the name would stay behind a process that is killed.
            File.Delete(file.Name);
        }

        return file;
    }
}
