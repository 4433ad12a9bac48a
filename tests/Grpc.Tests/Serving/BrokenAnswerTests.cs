using System.Buffers;
using CustomerInsights.Rpc.Tests.Wire;
using Grpc.Core;

namespace CustomerInsights.Rpc.Tests.Serving;

/// <summary>A message of an answer whose serializer gave up halfway: nothing can follow it, and the answer must not look whole.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class BrokenAnswerTests
{
    private const int InternalError = 2;

    // At the deadline the trailers once came right behind the half of the message.
    [Test]
    public async Task Half_a_message_ends_in_a_reset(
        [Values(nameof(GivingUp.EndWell), nameof(GivingUp.WaitForDeadline))] string method, CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<GivingUp>();
        using var call = new RawCall(server.Address) { Path = $"/{GivingUp.Service}/{method}" };
        call.Headers["grpc-timeout"] = "500m";

        var failure = await Expect.ExceptionAsync(() => call.SendAsync(cancellationToken, RawCall.Frame([])));

        Assert.That((failure?.InnerException as HttpProtocolException)?.ErrorCode, Is.EqualTo(InternalError), failure?.ToString());
    }

    [BindServiceMethod(typeof(GivingUp), nameof(Bind))]
    internal sealed class GivingUp
    {
        public const string Service = "grpc.testing.GivingUp";

        private static readonly Marshaller<byte[]> Halfway = Marshallers.Create<byte[]>(
            (_, context) =>
            {
                context.SetPayloadLength(100_000);
                context.GetBufferWriter().Write(new byte[50_000]);
                throw new FormatException();
            },
            _ => []);

        public static void Bind(ServiceBinderBase binder, GivingUp? service)
        {
            binder.AddMethod(MethodOf(nameof(EndWell)), service is null ? null : service.EndWell);
            binder.AddMethod(MethodOf(nameof(WaitForDeadline)), service is null ? null : service.WaitForDeadline);
        }

        public async Task EndWell(byte[] request, IServerStreamWriter<byte[]> responses, ServerCallContext context) =>
            Assert.That(await Expect.ExceptionAsync(() => responses.WriteAsync(request)), Is.TypeOf<FormatException>());

        public async Task WaitForDeadline(byte[] request, IServerStreamWriter<byte[]> responses, ServerCallContext context)
        {
            await EndWell(request, responses, context);
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        }

        private static Method<byte[], byte[]> MethodOf(string name) => new(MethodType.ServerStreaming, Service, name, ByteMessages.InPlace, Halfway);
    }
}
