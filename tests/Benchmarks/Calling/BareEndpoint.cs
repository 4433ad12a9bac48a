using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace CustomerInsights.Benchmarks.Calling;

/// <summary>
/// The least that a call could cost: an HTTP/2 endpoint that reads the request to its end and writes the same bytes, frames
/// and trailer as ours. It neither parses nor decides anything.
/// </summary>
internal static class BareEndpoint
{
    public const string CallPath = "/bare/call";
    public const string DownloadPath = "/bare/download";
    public const string SizeHeader = "x-size";
    public const string CountHeader = "x-count";

    private const int PrefixLength = 5;

    private static readonly ConcurrentDictionary<int, byte[]> Frames = new();

    public static async Task CallAsync(HttpContext http)
    {
        await ReadToEndAsync(http.Request.BodyReader);
        http.Response.ContentType = "application/grpc";
        http.Response.BodyWriter.Write(CachedFrame(Number(http, SizeHeader)));
        http.Response.AppendTrailer("grpc-status", "0");
    }

    public static async Task DownloadAsync(HttpContext http)
    {
        await ReadToEndAsync(http.Request.BodyReader);
        http.Response.ContentType = "application/grpc";
        var frame = CachedFrame(Number(http, SizeHeader));
        for (var left = Number(http, CountHeader); left > 0; left--)
        {
            http.Response.BodyWriter.Write(frame);
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        }

        http.Response.AppendTrailer("grpc-status", "0");
    }

    /// <summary>The bytes that our side puts on the wire for a <see cref="BenchMessage"/> with a body of this size.</summary>
    public static byte[] MessageFrame(int size) => FrameOf(new BenchMessage { Body = UnsafeByteOperations.UnsafeWrap(new byte[size]) });

    /// <summary>The bytes of any message.</summary>
    public static byte[] FrameOf(IMessage message)
    {
        var payload = message.ToByteArray();
        var frame = new byte[PrefixLength + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), payload.Length);
        payload.CopyTo(frame, PrefixLength);
        return frame;
    }

    private static async Task ReadToEndAsync(PipeReader body)
    {
        ReadResult read;
        do
        {
            read = await body.ReadAsync();
            body.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);
    }

    private static byte[] CachedFrame(int size) => Frames.GetOrAdd(size, MessageFrame);

    private static int Number(HttpContext http, string header) => int.Parse(http.Request.Headers[header].ToString(), CultureInfo.InvariantCulture);
}
