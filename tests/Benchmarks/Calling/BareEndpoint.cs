using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace CustomerInsights.Benchmarks.Calling;

/// <summary>
/// The least that a call could cost: an HTTP/2 endpoint that reads the request to its end and writes the same bytes, frames
/// and trailer as ours. It neither parses nor decides anything.
/// </summary>
internal sealed class BareEndpoint(int count, int size)
{
    private const int PrefixLength = 5;

    private readonly byte[] _frame = MessageFrame(size);

    /// <summary>A path as long as those of our methods.</summary>
    public static string PathOf(string name) => $"/customerinsights.bare.v1.BareService/{name}";

    public async Task HandleAsync(HttpContext http)
    {
        await ReadToEndAsync(http.Request.BodyReader);
        http.Response.ContentType = "application/grpc";
        for (var left = count; left > 0; left--)
        {
            http.Response.BodyWriter.Write(_frame);
            if (count > 1)
            {
                await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
            }
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
}
