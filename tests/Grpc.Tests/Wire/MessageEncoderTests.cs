using System.Buffers;
using System.IO.Compression;
using CustomerInsights.Rpc.Wire;
using Grpc.Core;

namespace CustomerInsights.Rpc.Tests.Wire;

/// <summary>What serializers may do, and what comes of those that do something else: never a wrong message.</summary>
internal sealed class MessageEncoderTests
{
    private static readonly Marshaller<byte[]> Copied = Marshallers.Create((byte[] bytes) => bytes, bytes => bytes);

    private static readonly Marshaller<byte[]> OfUnknownLength = Marshallers.Create(
        (byte[] bytes, SerializationContext context) =>
        {
            context.GetBufferWriter().Write(bytes);
            context.Complete();
        },
        context => context.PayloadAsNewBuffer());

    [Test]
    public void All_ways_to_serialize_give_the_same_bytes()
    {
        byte[] message = [1, 2, 3];
        var expected = RawCall.Frame(message);

        Assert.That(Encoded(ByteMessages.InPlace, message), Is.EqualTo(expected));
        Assert.That(Encoded(Copied, message), Is.EqualTo(expected));
        Assert.That(Encoded(OfUnknownLength, message), Is.EqualTo(expected));
        Assert.That(Encoded(OfUnknownLength, []), Is.EqualTo(new byte[5]));
    }

    [Test]
    public void A_message_over_the_limit_is_not_sent() =>
        Assert.That(
            () => new MessageEncoder(new ArrayBufferWriter<byte>(), 2).Write(ByteMessages.InPlace, [1, 2, 3]),
            Throws.TypeOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(StatusCode.ResourceExhausted));

    [Test]
    public void A_message_at_the_border_of_small_and_large_ones_is_whole([Values(1_018, 1_019, 1_020, 1_021)] int length)
    {
        var message = Enumerable.Range(0, length).Select(value => (byte)value).ToArray();

        Assert.That(Encoded(ByteMessages.InPlace, message), Is.EqualTo(RawCall.Frame(message)));
    }

    [TestCase(10, false)]
    [TestCase(1_019, false)]
    [TestCase(1_020, true)]
    [TestCase(100_000, true)]
    public void A_serializer_that_fails_halfway_breaks_the_stream_only_when_something_is_in_the_output(int length, bool isBroken)
    {
        var output = new ArrayBufferWriter<byte>();
        var encoder = new MessageEncoder(output, null);
        var failing = Serializer(context =>
        {
            context.SetPayloadLength(length);
            context.GetBufferWriter();
            throw new FormatException();
        });

        Assert.That(() => encoder.Write(failing, []), Throws.TypeOf<FormatException>());
        Assert.That((encoder.IsBroken, output.WrittenCount > 0), Is.EqualTo((isBroken, isBroken)));
        if (!isBroken)
        {
            encoder.Write(ByteMessages.InPlace, [1]);
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

    private static IEnumerable<TestCaseData<Action<SerializationContext>>> Misuses()
    {
        yield return Misuse("never completed", context => context.SetPayloadLength(3));
        yield return Misuse("written and never completed", context => Put(context, 1, 1));
        yield return Misuse("fewer bytes", context => { Put(context, 4, 3); context.Complete(); });
        yield return Misuse("more bytes", context => { Put(context, 2, 3); context.Complete(); });
        yield return Misuse("bytes of none", context => { Put(context, 0, 3); context.Complete(); });
        yield return Misuse("fewer bytes of many", context => { Put(context, 2_000, 1_999); context.Complete(); });
        yield return Misuse("more bytes of many", context => { Put(context, 2_000, 2_001); context.Complete(); });
        yield return Misuse("other bytes", context => { context.SetPayloadLength(5); context.Complete(new byte[3]); });
        yield return Misuse("no bytes", context => { context.SetPayloadLength(5); context.Complete(); });
        yield return Misuse("completed twice", context => { context.Complete([1]); context.Complete([1]); });
        yield return Misuse("completed twice in place", context => { Put(context, 1, 1); context.Complete(); context.Complete(); });
        yield return Misuse("other bytes after some in place", context => { Put(context, 1, 1); context.Complete([1]); });
        yield return Misuse("other bytes after some copied", context => { context.GetBufferWriter().Write<byte>([1]); context.Complete([1]); });
        yield return Misuse("announced anew", context => { Put(context, 2_000, 1_500); context.SetPayloadLength(1_500); context.Complete(); });
        yield return Misuse("announced late", context => { context.GetBufferWriter().Write<byte>([1, 2, 3]); context.SetPayloadLength(2); context.Complete(); });
        yield return Misuse("writer asked for after the end", context => { context.SetPayloadLength(2); context.Complete([1, 2]); context.GetBufferWriter(); });
        yield return Misuse("written after the end", context =>
        {
            context.SetPayloadLength(1);
            var writer = context.GetBufferWriter();
            writer.Write<byte>([1]);
            context.Complete();
            writer.Write<byte>([9]);
        });
        yield return Misuse("flushed after the end", context =>
        {
            var writer = context.GetBufferWriter();
            context.Complete();
            writer.Write<byte>([9]);
        });
    }

    [TestCaseSource(nameof(Misuses))]
    public void A_serializer_that_goes_wrong_is_refused_and_whatever_of_it_is_in_the_output_breaks_the_stream(Action<SerializationContext> serialize)
    {
        foreach (var compression in new CompressionLevel?[] { null, CompressionLevel.Fastest })
        {
            var output = new ArrayBufferWriter<byte>();
            var encoder = new MessageEncoder(output, null) { Compression = compression };
            var request = new RequestBuffer();

            Assert.That(() => encoder.Write(Serializer(serialize), []), Throws.InvalidOperationException);
            Assert.That(encoder.IsBroken, Is.EqualTo(output.WrittenCount > 0));
            Assert.That(() => new MessageEncoder(request, null) { Compression = compression }.Write(Serializer(serialize), []), Throws.InvalidOperationException);
        }
    }

    [Test]
    public void A_serializer_cannot_claim_bytes_that_it_has_no_room_for([Values(3, 2_000)] int announced, [Values(-1, 4, 3_000)] int claimed)
    {
        var greedy = Serializer(context =>
        {
            context.SetPayloadLength(announced);
            context.GetBufferWriter().Advance(claimed);
            context.Complete();
        });

        Assert.That(() => new MessageEncoder(new RequestBuffer(), null).Write(greedy, []), Throws.InstanceOf<ArgumentException>().Or.InstanceOf<InvalidOperationException>());
    }

    [Test]
    public void A_negative_length_is_refused() =>
        Assert.That(() => Encoded(Serializer(context => context.SetPayloadLength(-1)), []), Throws.InstanceOf<ArgumentOutOfRangeException>());

    [Test]
    public void A_writer_is_worth_nothing_after_its_message()
    {
        IBufferWriter<byte>? kept = null;
        var output = new ArrayBufferWriter<byte>();
        new MessageEncoder(output, null).Write(
            Serializer(context =>
            {
                context.SetPayloadLength(0);
                kept = context.GetBufferWriter();
                context.Complete();
            }),
            []);

        Assert.That(() => kept!.Write<byte>([1]), Throws.InvalidOperationException);
        Assert.That(output.WrittenCount, Is.EqualTo(MessageDecoder.PrefixLength));
    }

    private static TestCaseData<Action<SerializationContext>> Misuse(string what, Action<SerializationContext> serialize) => new(serialize) { TestName = $"A_serializer_is_refused({what})" };

    private static void Put(SerializationContext context, int announced, int written)
    {
        context.SetPayloadLength(announced);
        context.GetBufferWriter().Write(new byte[written]);
    }

    private static Marshaller<byte[]> Serializer(Action<SerializationContext> serialize) => Marshallers.Create<byte[]>((_, context) => serialize(context), _ => []);

    private static byte[] Encoded(Marshaller<byte[]> marshaller, byte[] message)
    {
        var output = new ArrayBufferWriter<byte>();
        new MessageEncoder(output, null).Write(marshaller, message);
        return output.WrittenSpan.ToArray();
    }
}
