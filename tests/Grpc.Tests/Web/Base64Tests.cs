using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using CustomerInsights.Rpc.Web;
using FsCheck;
using FsCheck.Fluent;
using Grpc.Core;

namespace CustomerInsights.Rpc.Tests.Web;

internal sealed class Base64Tests
{
    [Test]
    public void What_is_written_is_read_however_it_is_cut() => Prop
        .ForAll<NonNull<byte[]>[], PositiveInt>((pieces, cut) => SurviveAsync([.. pieces.Select(piece => piece.Get)], cut.Get).GetAwaiter().GetResult())
        .QuickCheckThrowOnFailure();

    [TestCase("AA==")]
    [TestCase("AA==AAAA")]
    [TestCase("AA==AA==AA==AAA=")]
    public async Task Padding_may_end_any_group(string text) =>
        Assert.That(await ReadAsync(text, text.Length), Is.EqualTo(new byte[RawWebCall.FromBase64(Encoding.ASCII.GetBytes(text)).Length]));

    [TestCase("A")]
    [TestCase("AAAAA")]
    [TestCase("AA=A")]
    [TestCase("A===")]
    [TestCase("====")]
    [TestCase("AAA\n")]
    [TestCase("AA-_")]
    public async Task Other_text_is_refused(string text)
    {
        foreach (var cut in Enumerable.Range(1, text.Length))
        {
            Assert.That((await Expect.FailureAsync(() => ReadAsync(text, cut))).StatusCode, Is.EqualTo(StatusCode.Internal), $"in pieces of {cut}");
        }
    }

    private static async Task<bool> SurviveAsync(byte[][] pieces, int cut)
    {
        var output = new MemoryStream();
        var writer = new Base64Writer(PipeWriter.Create(output));
        foreach (var piece in pieces)
        {
            writer.Write(piece);
            await writer.FlushAsync(CancellationToken.None);
        }

        return (await ReadAsync(Encoding.ASCII.GetString(output.ToArray()), cut)).SequenceEqual(pieces.SelectMany(piece => piece));
    }

    /// <summary>Reads a text of which a few characters come at a time, each time in a segment of their own.</summary>
    private static async Task<byte[]> ReadAsync(string text, int cut)
    {
        var arriving = new Trickle(Encoding.ASCII.GetBytes(text), cut);
        var reader = new Base64Reader(PipeReader.Create(arriving, new StreamPipeReaderOptions(bufferSize: cut, minimumReadSize: cut)));
        var bytes = new MemoryStream();
        await reader.CopyToAsync(bytes, CancellationToken.None);
        return bytes.ToArray();
    }

    private sealed class Trickle(byte[] bytes, int bytesPerRead) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, bytesPerRead)], cancellationToken);
    }
}
