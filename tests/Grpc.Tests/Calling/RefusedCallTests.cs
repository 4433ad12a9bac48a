using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests.Calling;

/// <summary>Calls that can't be made as their caller wants them.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class RefusedCallTests
{
    [TestCase(DateTimeKind.Local)]
    [TestCase(DateTimeKind.Unspecified)]
    public async Task A_deadline_that_is_not_in_UTC_is_refused(DateTimeKind kind)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        var client = new TestService.TestServiceClient(server.Channel);
        var deadline = DateTime.SpecifyKind(TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(1), kind);

        Assert.That(() => client.UnaryCallAsync(new SimpleRequest(), deadline: deadline), Throws.InvalidOperationException.With.Message.Contains("UTC"));
        Assert.That(() => client.FullDuplexCall(deadline: deadline), Throws.InvalidOperationException.With.Message.Contains("UTC"));
    }

    [Test]
    public async Task The_first_and_the_last_time_there_are_need_no_kind(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        var client = new TestService.TestServiceClient(server.Channel);

        Assert.That(await client.UnaryCallAsync(new SimpleRequest(), deadline: DateTime.MaxValue, cancellationToken: cancellationToken), Is.Not.Null);
        Assert.That(
            await Expect.StatusAsync(async () => await client.UnaryCallAsync(new SimpleRequest(), deadline: DateTime.MinValue, cancellationToken: cancellationToken)),
            Is.EqualTo(StatusCode.DeadlineExceeded));
    }

    [TestCase(false, StatusCode.ResourceExhausted)]
    [TestCase(true, StatusCode.Internal)]
    public async Task A_request_that_cannot_be_sent_fails_the_call_and_not_its_start(bool isNull, StatusCode status, CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>(channel: new GrpcChannelOptions { MaxSendMessageSize = 100 });
        var client = new TestService.TestServiceClient(server.Channel);
        var text = new EchoStatus { Message = new string('x', 101) };
        using var call = client.UnaryCallAsync(isNull ? null! : new SimpleRequest { ResponseStatus = text }, cancellationToken: cancellationToken);
        using var down = client.StreamingOutputCall(isNull ? null! : new StreamingOutputCallRequest { ResponseStatus = text }, cancellationToken: cancellationToken);

        Assert.That(await Expect.StatusAsync(async () => await call), Is.EqualTo(status));
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(status));
        Assert.That(await Expect.StatusAsync(() => call.ResponseHeadersAsync), Is.EqualTo(status));
        Assert.That(await Expect.StatusAsync(() => down.ResponseStream.MoveNext(cancellationToken)), Is.EqualTo(status));
    }

    [TestCase("deadline")]
    [TestCase("disposal")]
    public async Task Whatever_ends_a_call_here_can_be_thrown_as_cancellation(string end, CancellationToken cancellationToken)
    {
        await using var server = await StrangeServer.StartAsync(
            http => Task.Delay(Timeout.Infinite, http.RequestAborted), new GrpcChannelOptions { ThrowOperationCanceledOnCancellation = true });
        var deadline = end == "deadline" ? TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(100) : (DateTime?)null;
        using var call = server.Client.UnaryCallAsync(new SimpleRequest(), deadline: deadline, cancellationToken: cancellationToken);
        if (deadline is null)
        {
            call.Dispose();
        }

        Assert.That(async () => await call, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(call.GetStatus().StatusCode, Is.EqualTo(deadline is null ? StatusCode.Cancelled : StatusCode.DeadlineExceeded));
    }
}
