using CustomerInsights.Contracts.Segments.V1;
using Google.Protobuf;

namespace CustomerInsights.Benchmarks.Sampling;

/// <summary>Streams a file of generated customers into an environment.</summary>
internal static class ImportGenerated
{
    private const int ChunkSize = 256 * 1024;

    /// <summary>Rows that changed something.</summary>
    public static async Task<long> RunAsync(ProfileService.ProfileServiceClient profiles, string environment, string file, CancellationToken cancellationToken)
    {
        await using var content = File.OpenRead(file);
        using var call = profiles.ImportProfiles(cancellationToken: cancellationToken);
        var header = new ImportHeader { Parent = environment, Format = FileFormat.Csv };
        await call.RequestStream.WriteAsync(new ImportProfilesRequest { Header = header }, cancellationToken);
        var buffer = new byte[ChunkSize];
        while (await content.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            await call.RequestStream.WriteAsync(new ImportProfilesRequest { Chunk = ByteString.CopyFrom(buffer, 0, read) }, cancellationToken);
        }

        await call.RequestStream.CompleteAsync();
        var import = await call.ResponseAsync;
        return import.Rejected == 0 ? import.Inserted + import.Updated : throw new InvalidOperationException($"{import.Rejected} rows were rejected: {import.Errors[0]}");
    }
}
