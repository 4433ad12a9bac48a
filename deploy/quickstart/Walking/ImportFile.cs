using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Quickstart.Calling;
using Google.Protobuf;

namespace CustomerInsights.Quickstart.Walking;

/// <summary>Streams a CSV file into the profiles of an environment.</summary>
internal static class ImportFile
{
    private const int ChunkSize = 256 * 1024;

    /// <param name="progress">Told the bytes sent so far.</param>
    public static async Task<ImportProfilesResponse> RunAsync(
        Insights insights, ImportHeader header, Stream file, Action<long> progress, CancellationToken cancellationToken)
    {
        using var call = insights.Profiles.ImportProfiles(cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(new ImportProfilesRequest { Header = header }, cancellationToken);
        var buffer = new byte[ChunkSize];
        var sent = 0L;
        while (await file.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            await call.RequestStream.WriteAsync(new ImportProfilesRequest { Chunk = ByteString.CopyFrom(buffer, 0, read) }, cancellationToken);
            progress(sent += read);
        }

        await call.RequestStream.CompleteAsync();
        return await call.ResponseAsync;
    }
}
