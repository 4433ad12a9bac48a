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

    private static readonly Marshaller<byte[]> InPlace = Marshallers.Create(
        (byte[] bytes, SerializationContext context) =>
        {
            context.SetPayloadLength(bytes.Length);
            context.GetBufferWriter().Write(bytes);
            context.Complete();
        },
        context => context.PayloadAsReadOnlySequence().ToArray());

    private static readonly Marshaller<byte[]> Copied = Marshallers.Create((byte[] bytes) => bytes, bytes => bytes);

    private static readonly Marshaller<byte[]> OfUnknownLength = Marshallers.Create(
        (byte[] bytes, SerializationContext context) =>
        {
            context.GetBufferWriter().Write(bytes);
            context.Complete();
        },
        context => context.PayloadAsNewBuffer());

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
            return messages.All(message => stream.ReadAsync(InPlace, default).AsTask().GetAwaiter().GetResult()!.SequenceEqual(message.Get))
                && stream.ReadAsync(InPlace, default).AsTask().GetAwaiter().GetResult() is null;
        }).QuickCheckThrowOnFailure();

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
    public void All_ways_to_serialize_give_the_same_bytes()
    {
        byte[] message = [1, 2, 3];
        var expected = RawCall.Frame(message);

        Assert.That(Encoded(InPlace, message), Is.EqualTo(expected));
        Assert.That(Encoded(Copied, message), Is.EqualTo(expected));
        Assert.That(Encoded(OfUnknownLength, message), Is.EqualTo(expected));
        Assert.That(Encoded(OfUnknownLength, []), Is.EqualTo(new byte[5]));
    }

    [Test]
    public void A_serializer_that_fails_halfway_breaks_the_stream()
    {
        var failing = Marshallers.Create<byte[]>(
            (_, context) =>
            {
                context.SetPayloadLength(10);
                context.GetBufferWriter();
                throw new FormatException();
            },
            _ => []);
        var encoder = new MessageEncoder(new ArrayBufferWriter<byte>(), null);

        Assert.That(() => encoder.Write(failing, []), Throws.TypeOf<FormatException>());
        Assert.That(encoder.IsBroken, Is.True);
    }

    [Test]
    public async Task Giving_the_buffer_of_a_reset_stream_back_does_not_fail()
    {
        var reader = new MessageReader(new ResetPipe(), new MessageDecoder(Limit, null));
        await reader.ReadAsync(InPlace, default);

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

    [Test]
    public void A_message_over_the_limit_is_not_sent() =>
        Assert.That(
            () => new MessageEncoder(new ArrayBufferWriter<byte>(), 2).Write(InPlace, [1, 2, 3]),
            Throws.TypeOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(StatusCode.ResourceExhausted));

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
        while (await reader.ReadAsync(InPlace, default) is { } message)
        {
            messages.Add(message);
        }

        return messages;
    }

    private static byte[] Encode(NonNull<byte[]>[] messages, bool isCompressed)
    {
        var output = new ArrayBufferWriter<byte>();
        var encoder = new MessageEncoder(output, null) { Compression = isCompressed ? System.IO.Compression.CompressionLevel.Fastest : null };
        foreach (var message in messages)
        {
            encoder.Write(InPlace, message.Get);
        }

        return output.WrittenSpan.ToArray();
    }

    private static byte[] Encoded(Marshaller<byte[]> marshaller, byte[] message)
    {
        var output = new ArrayBufferWriter<byte>();
        new MessageEncoder(output, null).Write(marshaller, message);
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
