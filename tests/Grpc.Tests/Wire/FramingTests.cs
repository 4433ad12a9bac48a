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
            Assert.That((await stream.ReadAsync(InPlace, default))!.SequenceEqual(message), Is.True, $"{message.Length} bytes");
        }

        Assert.That(await stream.ReadAsync(InPlace, default), Is.Null);
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
            await stream.ReadAsync(InPlace, default);
        }

        Assert.That(StatusOf(stream.ReadAsync(InPlace, default).AsTask()), Is.EqualTo(StatusCode.Internal));
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
            await stream.ReadAsync(InPlace, default);

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
    public void A_message_at_the_border_of_small_and_large_ones_is_whole([Values(1_018, 1_019, 1_020, 1_021)] int length)
    {
        var message = Enumerable.Range(0, length).Select(value => (byte)value).ToArray();

        Assert.That(Encoded(InPlace, message), Is.EqualTo(RawCall.Frame(message)));
    }

    [TestCase(10, false)]
    [TestCase(100_000, true)]
    public void A_serializer_that_fails_halfway_breaks_the_stream_only_when_something_of_it_is_in_the_output(int length, bool isBroken)
    {
        var failing = Serializer(context =>
        {
            context.SetPayloadLength(length);
            context.GetBufferWriter();
            throw new FormatException();
        });
        var output = new ArrayBufferWriter<byte>();
        var encoder = new MessageEncoder(output, null);

        Assert.That(() => encoder.Write(failing, []), Throws.TypeOf<FormatException>());
        Assert.That(encoder.IsBroken, Is.EqualTo(isBroken));
        if (!isBroken)
        {
            encoder.Write(InPlace, [1]);
            Assert.That(output.WrittenSpan.ToArray(), Is.EqualTo(RawCall.Frame([1])));
        }
    }

    [Test]
    public void A_serializer_may_ask_for_more_room_than_it_needs_and_for_its_writer_again([Values(0, 5_000)] int first, [Values(0, 5_000)] int last, [Values(0, 3)] int length)
    {
        var generous = Serializer(context =>
        {
            context.SetPayloadLength(length);
            for (var i = 0; i < length; i++)
            {
                context.GetBufferWriter().GetSpan(first)[0] = (byte)i;
                context.GetBufferWriter().Advance(1);
            }

            context.GetBufferWriter().Write<byte>([]);
            context.GetBufferWriter().GetMemory(last);
            context.GetBufferWriter().Write<byte>([]);
            context.Complete();
        });

        Assert.That(Encoded(generous, []), Is.EqualTo(RawCall.Frame([.. Enumerable.Range(0, length).Select(value => (byte)value)])));
    }

    [TestCase(3, 4, false)]
    [TestCase(3, 0, false)]
    [TestCase(3, 2, true)]
    [TestCase(2_000, 1_999, true)]
    [TestCase(2_000, 2_001, true)]
    public void A_serializer_that_writes_another_number_of_bytes_than_it_announced_is_refused(int written, int announced, bool isBroken)
    {
        var lying = Serializer(context =>
        {
            context.SetPayloadLength(announced);
            context.GetBufferWriter().Write(new byte[written]);
            context.Complete();
        });
        var output = new ArrayBufferWriter<byte>();
        var encoder = new MessageEncoder(output, null);

        Assert.That(() => encoder.Write(lying, []), Throws.InvalidOperationException);
        Assert.That(encoder.IsBroken, Is.EqualTo(output.WrittenCount > 0));
        Assert.That(announced == 0 || encoder.IsBroken == isBroken, Is.True);
    }

    [Test]
    public void A_serializer_can_claim_no_more_room_than_it_has()
    {
        var greedy = Serializer(context =>
        {
            context.SetPayloadLength(3);
            context.GetBufferWriter().Advance(4);
        });
        var output = new ArrayBufferWriter<byte>();

        Assert.That(() => new MessageEncoder(output, null).Write(greedy, []), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(output.WrittenCount, Is.Zero);
    }

    private static IEnumerable<TestCaseData<Action<SerializationContext>>> Misuses()
    {
        yield return new(context => context.SetPayloadLength(3)) { TestName = "Never_completed" };
        yield return new(context => { context.SetPayloadLength(1); context.GetBufferWriter().Write<byte>([1]); }) { TestName = "Written_and_never_completed" };
        yield return new(context => { context.Complete([1]); context.Complete([1]); }) { TestName = "Completed_twice" };
        yield return new(context => { context.SetPayloadLength(1); context.GetBufferWriter().Write<byte>([1]); context.Complete(); context.Complete(); }) { TestName = "Completed_twice_in_place" };
        yield return new(context => { context.SetPayloadLength(1); context.GetBufferWriter(); context.Complete([1]); }) { TestName = "Completed_with_other_bytes" };
    }

    [TestCaseSource(nameof(Misuses))]
    public void A_serializer_completes_its_message_once(Action<SerializationContext> serialize) =>
        Assert.That(() => new MessageEncoder(new ArrayBufferWriter<byte>(), null).Write(Serializer(serialize), []), Throws.InvalidOperationException);

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

    private static Marshaller<byte[]> Serializer(Action<SerializationContext> serialize) => Marshallers.Create<byte[]>((_, context) => serialize(context), _ => []);

    private static async Task<byte[]?> ReadSingleOnServerAsync(byte[] bytes, int cut, bool isCompressed)
    {
        var reader = new MessageReader(PipeReader.Create(new SlowStream(bytes, cut)), new MessageDecoder(Limit, isCompressed ? "gzip" : null));
        await reader.WaitForSingleAsync(default);
        return reader.TakeSingle(InPlace);
    }

    private static async Task<byte[]?> ReadSingleOnClientAsync(byte[] bytes, int cut, bool isCompressed) =>
        await new MessageStream(new SlowStream(bytes, cut), new MessageDecoder(Limit, isCompressed ? "gzip" : null)).ReadSingleAsync(InPlace, default);

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
