using System.IO.Compression;
using Grpc.AspNetCore.Server;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Rpc.Serving;

/// <summary>What all calls of a server have in common.</summary>
internal sealed record ServerSettings(GrpcServiceOptions Options, TimeProvider Time, ILogger Logger)
{
    public CompressionLevel CompressionLevel => Options.ResponseCompressionLevel ?? CompressionLevel.Fastest;
}
