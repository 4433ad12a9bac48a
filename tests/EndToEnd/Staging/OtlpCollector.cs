using System.Collections.Concurrent;
using System.IO.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.EndToEnd.Staging;

/// <summary>Takes traces, metrics and logs over OTLP/gRPC and keeps the bytes.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private const int MessagePrefix = 5;
    private readonly ConcurrentQueue<(string Kind, byte[] Message)> _received = [];
    private readonly WebApplication _application;

    private OtlpCollector(WebApplication application) => _application = application;

    public Uri Address { get; private set; } = new("http://127.0.0.1");

    public IReadOnlyCollection<(string Kind, byte[] Message)> Received => _received;

    public static async Task<OtlpCollector> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var collector = new OtlpCollector(builder.Build());
        collector._application.MapFallback("{*path}", collector.TakeAsync);
        await collector._application.StartAsync(cancellationToken);
        collector.Address = new Uri(collector._application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return collector;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var frame = body.ToArray();
        var message = frame is [1, ..] ? Unzip(frame) : frame[MessagePrefix..];
        _received.Enqueue((context.Request.Path, message));

        context.Response.ContentType = "application/grpc";
        context.Response.DeclareTrailer("grpc-status");
        await context.Response.Body.WriteAsync(new byte[MessagePrefix], context.RequestAborted);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private static byte[] Unzip(byte[] frame)
    {
        using var zipped = new GZipStream(new MemoryStream(frame, MessagePrefix, frame.Length - MessagePrefix), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        zipped.CopyTo(plain);
        return plain.ToArray();
    }
}
