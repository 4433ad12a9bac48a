using System.Buffers;
using System.IO.Pipelines;
using CustomerInsights.Rpc.Calling;
using CustomerInsights.Rpc.Serving;
using CustomerInsights.Rpc.Wire;
using FsCheck;
using FsCheck.Fluent;
using Grpc.Core;

namespace CustomerInsights.Rpc.Tests.Wire;

internal sealed class FramingTests
{
    private const int Limit = 1000;

    [Test]
    public void Messages_survive_any_cutting_on_the_server([Values] bool isCompressed) =>
        Prop.ForAll<NonNull<byte[]>[], PositiveInt>((messages, cut) =>
            ReadAllAsync(Encode(messages, isCompressed), cut.Get, isCompressed).GetAwaiter().GetResult().Zip(messages).All(pair => pair.First.SequenceEqual(pair.Second.Get)))
            .QuickCheckThrowOnFailure();

    [Test]
    public void Messages_survive_any_cutting_on_the_client([Values] bool isCompressed) =>
        Prop.ForAll<NonNull<byte[]>[], PositiveInt>((messages, cut) =>
        {
            var stream = new MessageStream(new SlowStream(Encode(messages, isCompressed), cut.Get), new MessageDecoder(Limit, isCompressed ? "gzip" : null));
            return messages.All(message => stream.ReadAsync(ByteMessages.InPlace, default).AsTask().GetAwaiter().GetResult()!.SequenceEqual(message.Get))
                && stream.ReadAsync(ByteMessages.InPlace, default).AsTask().GetAwaiter().GetResult() is null;
        }).QuickCheckThrowOnFailure();

    [Test]
    public void A_single_message_is_told_from_none_and_several([Values] bool isCompressed, [Values] bool onServer) =>
        Prop.ForAll<NonNull<byte[]>[], PositiveInt>((messages, cut) =>
        {
            var bytes = Encode(messages, isCompressed);
            var read = onServer ? ReadSingleOnServerAsync(bytes, cut.Get, isCompressed) : ReadSingleOnClientAsync(bytes, cut.Get, isCompressed);
            return messages switch
            {
                [] when !onServer => read.GetAwaiter().GetResult() is null,
                [var only] => read.GetAwaiter().GetResult()!.SequenceEqual(only.Get),
                _ => StatusOf(read) == StatusCode.Unimplemented,
            };
        }).QuickCheckThrowOnFailure();

    [Test]
    public void A_single_message_that_breaks_off_is_refused([Values] bool onServer) =>
        Prop.ForAll<NonEmptyArray<byte>, PositiveInt, PositiveInt>((message, cut, missing) =>
        {
            var whole = RawCall.Frame(message.Get);
            var part = whole[..^Math.Min(missing.Get, whole.Length - 1)];
            return StatusOf(onServer ? ReadSingleOnServerAsync(part, cut.Get, false) : ReadSingleOnClientAsync(part, cut.Get, false)) == StatusCode.Internal;
        }).QuickCheckThrowOnFailure();

    [Test]
    public async Task Large_messages_survive_any_cutting_on_the_client(
        [Values(16_374, 16_379, 16_384, 16_385, 32_763, 32_768, 70_000, 131_067, 131_072, 200_000)] int size, [Values(1, 1_000, 16_384, 1_000_000)] int cut)
    {
        // From a small message on, so that each size meets a buffer that has not grown yet, at another place.
        var messages = new[] { 3, size, size, 0, size, 20, size }.Select((length, i) => Enumerable.Range(i, length).Select(value => (byte)value).ToArray()).ToList();
        var stream = new MessageStream(new SlowStream([.. messages.SelectMany(message => RawCall.Frame(message))], cut), new MessageDecoder(null, null));

        foreach (var message in messages)
        {
            Assert.That((await stream.ReadAsync(ByteMessages.InPlace, default))!.SequenceEqual(message), Is.True, $"{message.Length} bytes");
        }

        Assert.That(await stream.ReadAsync(ByteMessages.InPlace, default), Is.Null);
    }

    [TestCase(69_999)]
    [TestCase(70_005 + 1)]
    [TestCase(70_005 + 4)]
    [TestCase(70_005 + 5)]
    [TestCase(70_005 + 20_000)]
    public async Task A_stream_that_breaks_off_in_or_after_a_large_message_is_refused(int length)
    {
        var frame = RawCall.Frame(new byte[70_000]);
        var stream = new MessageStream(new SlowStream([.. frame.Concat(frame).Take(length)], 5_000), new MessageDecoder(null, null));
        if (length > frame.Length)
        {
            await stream.ReadAsync(ByteMessages.InPlace, default);
        }

        Assert.That(StatusOf(stream.ReadAsync(ByteMessages.InPlace, default).AsTask()), Is.EqualTo(StatusCode.Internal));
    }

    [Test]
    public async Task Of_a_stream_of_large_messages_no_more_is_read_than_one_message_and_the_next_prefix()
    {
        const int Size = 70_000;
        var frame = RawCall.Frame(new byte[Size]);
        var bytes = new SlowStream([.. Enumerable.Repeat(frame, 10).SelectMany(part => part)], int.MaxValue);
        var stream = new MessageStream(bytes, new MessageDecoder(null, null));
        for (var i = 1; i < 10; i++)
        {
            await stream.ReadAsync(ByteMessages.InPlace, default);

            Assert.That(bytes.Position, Is.EqualTo((i * frame.Length) + MessageDecoder.PrefixLength));
        }
    }

    [Test]
    public void No_bytes_make_a_reader_crash_or_hang() =>
        Prop.ForAll<byte[], PositiveInt>((bytes, cut) => Outcome(() => ReadAllAsync(bytes, cut.Get, false)) && Outcome(() => ReadAllAsync(bytes, cut.Get, true)))
            .QuickCheckThrowOnFailure();

    [Test]
    public void A_reader_allocates_in_proportion_to_what_came_not_to_what_was_announced() =>
        Prop.ForAll<byte[], PositiveInt>((bytes, announced) =>
        {
            byte[] input = [.. RawCall.Frame(bytes, announced: announced.Get), .. bytes];
            var before = GC.GetAllocatedBytesForCurrentThread();
            Outcome(() => ReadAllAsync(input, 1 + (announced.Get % 7), false));
            return GC.GetAllocatedBytesForCurrentThread() - before < 32_000 + (input.Length * 400);
        }).QuickCheckThrowOnFailure();

    [Test]
    public async Task Giving_the_buffer_of_a_reset_stream_back_does_not_fail()
    {
        var reader = new MessageReader(new ResetPipe(), new MessageDecoder(Limit, null));
        await reader.ReadAsync(ByteMessages.InPlace, default);

        Assert.That(reader.Release, Throws.Nothing);
    }

    [TestCase(0, 1001, StatusCode.ResourceExhausted)]
    [TestCase(0, -1, StatusCode.ResourceExhausted)]
    [TestCase(1, 3, StatusCode.Internal)]
    [TestCase(2, 3, StatusCode.Internal)]
    [TestCase(255, 3, StatusCode.Internal)]
    public void A_prefix_is_refused_before_its_payload_comes(byte flag, int length, StatusCode status) =>
        Assert.That(
            () => new MessageDecoder(Limit, null).ReadPrefix(RawCall.Frame([], flag, length), out _),
            Throws.TypeOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(status));

    [Test]
    public void A_message_that_grows_over_the_limit_when_decompressed_is_refused()
    {
        var bomb = Gzip.Compress(new byte[10_000_000]);

        Assert.That(
            () => Gzip.Decompress(new ReadOnlySequence<byte>(bomb), Limit),
            Throws.TypeOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(StatusCode.ResourceExhausted));
    }

    private static bool Outcome(Func<Task> read)
    {
        try
        {
            read().GetAwaiter().GetResult();
            return true;
        }
        catch (RpcException exception)
        {
            return exception.StatusCode is StatusCode.Internal or StatusCode.ResourceExhausted;
        }
    }

    private static async Task<List<byte[]>> ReadAllAsync(byte[] bytes, int cut, bool isCompressed)
    {
        var reader = new MessageReader(PipeReader.Create(new SlowStream(bytes, cut)), new MessageDecoder(Limit, isCompressed ? "gzip" : null));
        var messages = new List<byte[]>();
        while (await reader.ReadAsync(ByteMessages.InPlace, default) is { } message)
        {
            messages.Add(message);
        }

        return messages;
    }

    private static async Task<byte[]?> ReadSingleOnServerAsync(byte[] bytes, int cut, bool isCompressed)
    {
        var reader = new MessageReader(PipeReader.Create(new SlowStream(bytes, cut)), new MessageDecoder(Limit, isCompressed ? "gzip" : null));
        await reader.WaitForSingleAsync(default);
        return reader.TakeSingle(ByteMessages.InPlace);
    }

    private static async Task<byte[]?> ReadSingleOnClientAsync(byte[] bytes, int cut, bool isCompressed) =>
        await new MessageStream(new SlowStream(bytes, cut), new MessageDecoder(Limit, isCompressed ? "gzip" : null)).ReadSingleAsync(ByteMessages.InPlace, default);

    private static StatusCode? StatusOf(Task read)
    {
        try
        {
            read.GetAwaiter().GetResult();
            return null;
        }
        catch (RpcException exception)
        {
            return exception.StatusCode;
        }
    }

    private static byte[] Encode(NonNull<byte[]>[] messages, bool isCompressed)
    {
        var output = new ArrayBufferWriter<byte>();
        var encoder = new MessageEncoder(output, null) { Compression = isCompressed ? System.IO.Compression.CompressionLevel.Fastest : null };
        foreach (var message in messages)
        {
            encoder.Write(ByteMessages.InPlace, message.Get);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>One message and the beginning of another, then the client resets the stream.</summary>
    private sealed class ResetPipe : PipeReader
    {
        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            new(new ReadResult(new ReadOnlySequence<byte>([0, 0, 0, 0, 1, 9, 0]), isCanceled: false, isCompleted: false));

        public override bool TryRead(out ReadResult result) => throw new NotSupportedException();

        public override void AdvanceTo(SequencePosition consumed) => throw new IOException();

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => throw new IOException();

        public override void CancelPendingRead() => throw new NotSupportedException();

        public override void Complete(Exception? exception = null) => throw new NotSupportedException();
    }
}
