using System.Buffers.Binary;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;

namespace CustomerInsights.Rpc.Tests;

/// <summary>
/// Reads along with a body of messages and notes which of them were compressed on the wire: neither a handler nor a caller
/// is told, because it is nothing to them.
/// </summary>
internal sealed class FlagSpy(Stream body) : Stream
{
    private const int PrefixLength = 5;

    private readonly ConcurrentQueue<bool> _flags = [];
    private readonly byte[] _prefix = new byte[PrefixLength];
    private int _prefixRead;
    private int _payloadLeft;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Lets handlers ask for the spy of their request, as a feature.</summary>
    public static void WatchRequests(IApplicationBuilder application) => application.Use((http, next) =>
    {
        var spy = new FlagSpy(http.Request.Body);
        http.Request.Body = spy;
        http.Features.Set(spy);
        return next(http);
    });

    /// <summary>Whether the next message, in the order of the body, was compressed.</summary>
    public bool IsNextCompressed() => _flags.TryDequeue(out var isCompressed) ? isCompressed : throw new InvalidOperationException("No message has passed.");

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadAsync(buffer, cancellationToken);
        Look(buffer.Span[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            body.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Look(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_payloadLeft > 0)
            {
                var skipped = Math.Min(_payloadLeft, bytes.Length);
                _payloadLeft -= skipped;
                bytes = bytes[skipped..];
                continue;
            }

            _prefix[_prefixRead++] = bytes[0];
            bytes = bytes[1..];
            if (_prefixRead == PrefixLength)
            {
                _prefixRead = 0;
                _payloadLeft = BinaryPrimitives.ReadInt32BigEndian(_prefix.AsSpan(1));
                _flags.Enqueue(_prefix[0] == 1);
            }
        }
    }
}
