using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using CustomerInsights.Rpc.Calling;
using CustomerInsights.Rpc.Serving;
using CustomerInsights.Rpc.Wire;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Testing;
using Microsoft.AspNetCore.Http;

namespace CustomerInsights.Rpc.Tests.Fuzzing;

/// <summary>A parser of what peers send, with valid inputs to start from. It may refuse with an RpcException and nothing else.</summary>
internal sealed record FuzzTarget(string Name, byte[][] Corpus, Action<byte[]> Run)
{
    private const int Limit = 2000;
    private const int LargeLimit = 100_000;

    private static readonly Marshaller<SimpleRequest> Messages = Marshallers.Create(
        (SimpleRequest message, SerializationContext context) => context.Complete(message.ToByteArray()),
        context => SimpleRequest.Parser.ParseFrom(context.PayloadAsReadOnlySequence()));

    private static readonly byte[] Serialized = new SimpleRequest
    {
        ResponseSize = 300, Payload = new Payload { Body = ByteString.CopyFrom(new byte[40]) }, ResponseStatus = new EchoStatus { Code = 3, Message = "text" },
    }.ToByteArray();

    private static readonly byte[] Plain = RawCall.Frame(Serialized);
    private static readonly byte[] Compressed = RawCall.Frame(Gzip.Compress(Serialized).ToArray(), flag: 1);

    private static readonly byte[] LargeFrames =
    [
        .. Plain, .. RawCall.Frame(new SimpleRequest { Payload = new Payload { Body = ByteString.CopyFrom(new byte[20_000]) } }), .. Plain,
        .. RawCall.Frame(new SimpleRequest { Payload = new Payload { Body = ByteString.CopyFrom(new byte[17_000]) } }),
    ];

    private static readonly byte[][] Frames =
        [Plain, Compressed, [.. Plain, .. Compressed, .. Plain], RawCall.Frame([]), RawCall.Frame([], flag: 1), RawCall.Frame([1], announced: int.MaxValue)];

    public static IEnumerable<FuzzTarget> All() =>
    [
        new("MessageReader", Frames, bytes => ReadServerAsync(bytes).GetAwaiter().GetResult()),
        new("MessageReader, single", Frames, bytes => ReadSingleOnServerAsync(bytes).GetAwaiter().GetResult()),
        new("MessageStream", Frames, bytes => ReadClientAsync(bytes, Limit, CutOf(bytes)).GetAwaiter().GetResult()),
        new("MessageStream, single", Frames, bytes => ReadSingleOnClientAsync(bytes).GetAwaiter().GetResult()),
        new("MessageStream, large", [LargeFrames], bytes => ReadClientAsync(bytes, LargeLimit, 3_000).GetAwaiter().GetResult()),
        new("Gzip", [.. new[] { Serialized, [], new byte[3000] }.Select(bytes => Gzip.Compress(bytes).ToArray()).Where(bytes => bytes.Length > 0)], Decompress),
        new("MetadataHeaders", [.. new[] { "x: text\nx-bin: q6s=,qw,q6ur\n", "-bin:\ngrpc-timeout: 1S\nDAPR-App-Id: segments\n", "a-bin: AAAA, AA==,,AAA\n" }.Select(Encoding.Latin1.GetBytes)], ReadMetadata),
        new("GrpcTimeout", [.. new[] { "1n", "99999999H", "00000001u", "5S", "12M", "1000m" }.Select(Encoding.Latin1.GetBytes)], ReadTimeout),
        new("StatusMessage", [.. new[] { "plain", "100%25", "%C3%A4%E2%82%AC%F0%9F%98%88", "%09%0A", "%zz%4" }.Select(Encoding.Latin1.GetBytes)], ReadStatus),
    ];

    public override string ToString() => Name;

    private static async Task ReadServerAsync(byte[] bytes)
    {
        var reader = new MessageReader(PipeReader.Create(new SlowStream(bytes, CutOf(bytes))), new MessageDecoder(Limit, HeaderNames.Gzip));
        while (await reader.ReadAsync(Messages, default) is not null)
        {
        }
    }

    private static async Task ReadSingleOnServerAsync(byte[] bytes)
    {
        var reader = new MessageReader(PipeReader.Create(new SlowStream(bytes, CutOf(bytes))), new MessageDecoder(Limit, HeaderNames.Gzip));
        await reader.WaitForSingleAsync(default);
        reader.TakeSingle(Messages);
    }

    private static async Task ReadClientAsync(byte[] bytes, int limit, int cut)
    {
        var stream = new MessageStream(new SlowStream(bytes, cut), new MessageDecoder(limit, HeaderNames.Gzip));
        while (await stream.ReadAsync(Messages, default) is not null)
        {
        }
    }

    private static async Task ReadSingleOnClientAsync(byte[] bytes) =>
        await new MessageStream(new SlowStream(bytes, CutOf(bytes)), new MessageDecoder(Limit, HeaderNames.Gzip)).ReadSingleAsync(Messages, default);

    private static int CutOf(byte[] bytes) => 1 + (bytes.Length * 7 % 50);

    private static void Decompress(byte[] bytes) => new MessageDecoder(Limit, HeaderNames.Gzip).Decode(Messages, new ReadOnlySequence<byte>(bytes), isCompressed: true);

    private static void ReadMetadata(byte[] bytes)
    {
        var request = new HeaderDictionary();
        using var response = new HttpResponseMessage();
        foreach (var line in Encoding.Latin1.GetString(bytes).Split('\n'))
        {
            // No transport lets a header without a name through.
            var (name, value) = line.Split(':', 2) is [{ Length: > 0 } before, var after] ? (before, after) : ("x-bin", line);
            request.Append(name, value);
            response.Headers.TryAddWithoutValidation(name, value);
        }

        // What one of them refuses the other must not hide.
        RpcException? refusal = null;
        try
        {
            MetadataHeaders.Write(MetadataHeaders.Read(request), new HeaderDictionary());
        }
        catch (RpcException exception)
        {
            refusal = exception;
        }

        MetadataHeaders.Read(response.Headers);
        if (refusal is not null)
        {
            throw refusal;
        }
    }

    private static void ReadTimeout(byte[] bytes)
    {
        if (GrpcTimeout.TryDecode(Encoding.Latin1.GetString(bytes), out var timeout)
            && !(GrpcTimeout.TryDecode(GrpcTimeout.Encode(timeout), out var again) && again >= timeout))
        {
            throw new AssertionException($"{timeout} changed on its way.");
        }
    }

    private static void ReadStatus(byte[] bytes)
    {
        var text = Encoding.Latin1.GetString(bytes);
        var message = StatusMessage.Decode(text);
        if (StatusMessage.Encode(message).AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            throw new AssertionException("The encoding isn't printable ASCII.");
        }

        using var response = new HttpResponseMessage();
        response.TrailingHeaders.TryAddWithoutValidation(HeaderNames.Status, text);
        var (alone, _) = ResponseHead.EndOf(response);
        response.TrailingHeaders.TryAddWithoutValidation(HeaderNames.Message, text);
        var (withMessage, _) = ResponseHead.EndOf(response);

        // Numbers in .NET may end in NULs.
        if ((alone.StatusCode == StatusCode.OK || withMessage.StatusCode == StatusCode.OK) && text.Trim().Trim('0', '\0').Length > 0)
        {
            throw new AssertionException("Something else than 0 was taken for OK.");
        }
    }
}
