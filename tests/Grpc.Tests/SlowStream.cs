namespace CustomerInsights.Rpc.Tests;

/// <summary>Gives out a few bytes per read.</summary>
internal sealed class SlowStream(byte[] bytes, int bytesPerRead) : MemoryStream(bytes)
{
    public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, bytesPerRead)]);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(buffer.Length, bytesPerRead)], cancellationToken);
}
