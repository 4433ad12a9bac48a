using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace CustomerInsights.Rpc.Tests;

internal enum FrameType
{
    Data = 0x0,
    Headers = 0x1,
    Reset = 0x3,
    Settings = 0x4,
    Ping = 0x6,
    GoAway = 0x7,
    WindowUpdate = 0x8,
    Continuation = 0x9,
}

/// <summary>One HTTP/2 frame as it came.</summary>
internal sealed record RawFrame(FrameType Type, byte Flags, int Stream, byte[] Payload)
{
    public const byte EndStream = 0x1;
    public const byte Acknowledged = 0x1;
    public const byte EndHeaders = 0x4;

    public bool EndsStream => Type is FrameType.Data or FrameType.Headers && (Flags & EndStream) != 0;

    /// <summary>The number that resets and window updates consist of.</summary>
    public int Number => BinaryPrimitives.ReadInt32BigEndian(Payload);

    public IReadOnlyDictionary<string, string> Headers => RawHeaders.Decode(Payload);
}

/// <summary>HTTP/2 by hand on one connection, as client or as server: it says what it is told to and grants no window by itself.</summary>
internal sealed class RawPeer : IAsyncDisposable
{
    public const int DefaultWindow = 65_535;

    private const int HeaderLength = 9;
    private const int MaxFrame = 16_384;

    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    /// <summary>No memory for headers, so that each block of them can be read alone.</summary>
    private static readonly byte[] NoHeaderTable = [0, 1, 0, 0, 0, 0];

    private readonly Socket _socket;
    private readonly NetworkStream _stream;

    private RawPeer(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
    }

    public static async Task<RawPeer> ConnectAsync(Uri server, CancellationToken cancellationToken)
    {
        var peer = await DialAsync(server, cancellationToken);
        await peer.WriteAsync(Preface, cancellationToken);
        await peer.WriteAsync(FrameType.Settings, 0, 0, NoHeaderTable, cancellationToken);
        return peer;
    }

    /// <summary>A connection without its preface.</summary>
    public static async Task<RawPeer> DialAsync(Uri server, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, server.Port, cancellationToken);
        return new RawPeer(socket);
    }

    public static async Task<RawPeer> AcceptAsync(TcpListener listener, CancellationToken cancellationToken)
    {
        var socket = await listener.AcceptSocketAsync(cancellationToken);
        socket.NoDelay = true;
        var peer = new RawPeer(socket);
        await peer._stream.ReadExactlyAsync(new byte[Preface.Length], cancellationToken);
        await peer.WriteAsync(FrameType.Settings, 0, 0, NoHeaderTable, cancellationToken);
        return peer;
    }

    /// <summary>Begins a gRPC request.</summary>
    public Task RequestAsync(int stream, string path, CancellationToken cancellationToken, params (string Name, string Value)[] more) =>
        HeadersAsync(
            stream,
            endsStream: false,
            [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"), ("te", "trailers"), ("content-type", "application/grpc"), .. more],
            cancellationToken);

    /// <summary>Begins a gRPC response.</summary>
    public Task RespondAsync(int stream, CancellationToken cancellationToken, params (string Name, string Value)[] more) =>
        HeadersAsync(stream, endsStream: false, [(":status", "200"), ("content-type", "application/grpc"), .. more], cancellationToken);

    /// <summary>Sends one block of headers, in as many frames as it needs.</summary>
    public async Task HeadersAsync(int stream, bool endsStream, (string Name, string Value)[] headers, CancellationToken cancellationToken)
    {
        var block = RawHeaders.Encode(headers);
        for (var start = 0; start < block.Length; start += MaxFrame)
        {
            var part = block.AsMemory(start, Math.Min(MaxFrame, block.Length - start));
            var isLast = start + part.Length == block.Length;
            var flags = (byte)((isLast ? RawFrame.EndHeaders : 0) | (endsStream && start == 0 ? RawFrame.EndStream : 0));
            await WriteAsync(start == 0 ? FrameType.Headers : FrameType.Continuation, flags, stream, part, cancellationToken);
        }
    }

    public Task DataAsync(int stream, ReadOnlyMemory<byte> data, bool endsStream, CancellationToken cancellationToken) =>
        WriteAsync(FrameType.Data, endsStream ? RawFrame.EndStream : (byte)0, stream, data, cancellationToken);

    public Task ResetAsync(int stream, int error, CancellationToken cancellationToken) => WriteAsync(FrameType.Reset, 0, stream, BigEndian(error), cancellationToken);

    public Task GoAwayAsync(int lastStream, CancellationToken cancellationToken) =>
        WriteAsync(FrameType.GoAway, 0, 0, (byte[])[.. BigEndian(lastStream), .. BigEndian(0)], cancellationToken);

    /// <summary>Lets the other side send more on the connection and on the stream.</summary>
    public async Task GrantAsync(int stream, int bytes, CancellationToken cancellationToken)
    {
        await WriteAsync(FrameType.WindowUpdate, 0, 0, BigEndian(bytes), cancellationToken);
        await WriteAsync(FrameType.WindowUpdate, 0, stream, BigEndian(bytes), cancellationToken);
    }

    public async Task WriteAsync(FrameType type, byte flags, int stream, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken) =>
        await WriteAsync(Frame(type, flags, stream, payload.Span), cancellationToken);

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => await _stream.WriteAsync(bytes, cancellationToken);

    public static byte[] Frame(FrameType type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[HeaderLength + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = (byte)type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(HeaderLength));
        return frame;
    }

    /// <summary>The next frame, or null when the other side has closed the connection. Settings are acknowledged on the way.</summary>
    public async Task<RawFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var header = new byte[HeaderLength];
            await _stream.ReadExactlyAsync(header, cancellationToken);
            var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(header) >> 8];
            await _stream.ReadExactlyAsync(payload, cancellationToken);
            var frame = new RawFrame((FrameType)header[3], header[4], BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(5)), payload);
            if (frame is { Type: FrameType.Settings, Flags: 0 })
            {
                await WriteAsync(FrameType.Settings, RawFrame.Acknowledged, 0, Array.Empty<byte>(), cancellationToken);
            }

            return frame;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The next frame that fits; fails when the connection ends before.</summary>
    public async Task<RawFrame> ReadAsync(Func<RawFrame, bool> fits, CancellationToken cancellationToken)
    {
        while (await ReadAsync(cancellationToken) is { } frame)
        {
            if (fits(frame))
            {
                return frame;
            }
        }

        throw new AssertionException("The connection ended before the frame came.");
    }

    /// <summary>Waits until the other side has seen what was sent so far.</summary>
    public async Task RoundTripAsync(CancellationToken cancellationToken)
    {
        await WriteAsync(FrameType.Ping, 0, 0, new byte[8], cancellationToken);
        await ReadAsync(frame => frame is { Type: FrameType.Ping, Flags: RawFrame.Acknowledged }, cancellationToken);
    }

    /// <summary>The next stream that the other side opens, once all of its request has come.</summary>
    public async Task<int> TakeRequestAsync(CancellationToken cancellationToken) =>
        (await ReadAsync(frame => frame.EndsStream, cancellationToken)).Stream;

    /// <summary>The status at the end of a response, or the error with which the stream was reset.</summary>
    public async Task<string> OutcomeAsync(int stream, CancellationToken cancellationToken)
    {
        while (await ReadAsync(cancellationToken) is { } frame)
        {
            switch (frame)
            {
                case { Type: FrameType.Headers } when frame.Stream == stream && frame.Headers.TryGetValue("grpc-status", out var status):
                    return status;
                case { Type: FrameType.Reset } when frame.Stream == stream:
                    return $"reset {frame.Number}";
                case { Type: FrameType.GoAway }:
                    return "goaway";
            }
        }

        return "closed";
    }

    /// <summary>Breaks the connection without a word.</summary>
    public void Drop()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private static byte[] BigEndian(int number)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }
}
