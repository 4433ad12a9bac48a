using System.Text.Json.Nodes;
using CustomerInsights.Rpc.Tests;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Testing;
using Enum = System.Enum;
using Status = Grpc.Core.Status;

namespace CustomerInsights.Conformance.Serving;

/// <summary>What our client makes of the official JavaScript server beyond the interoperability cases.</summary>
[Parallelizable]
internal sealed class OfficialServerTests
{
    private OfficialServer _server = null!;
    private GrpcChannel _channel = null!;
    private TestService.TestServiceClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _server = await OfficialServer.StartAsync([], CancellationToken.None);
        _channel = GrpcChannel.ForAddress(_server.Address);
        _client = new TestService.TestServiceClient(_channel);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }

    [Test, CancelAfter(30_000)]
    public async Task Metadata_arrives_whole_in_both_ways(CancellationToken cancellationToken)
    {
        byte[][] values = [[0xab, 0x00, 0xff], [], [.. Enumerable.Range(0, 1024).Select(i => (byte)i)], [0x2c]];
        var headers = Do("echo");
        headers.Add("a-text", "with, comma and = sign");
        foreach (var value in values)
        {
            headers.Add("a-bytes-bin", value);
        }

        using var call = _client.UnaryCallAsync(new SimpleRequest(), headers, cancellationToken: cancellationToken);
        await call;

        await Assert.MultipleAsync(async () =>
        {
            foreach (var received in new[] { await call.ResponseHeadersAsync, call.GetTrailers() })
            {
                Assert.That(received.GetAll("a-bytes-bin").Select(entry => entry.ValueBytes), Is.EqualTo(values));
                Assert.That(received.GetValue("a-text"), Is.EqualTo("with, comma and = sign"));
                Assert.That(received.GetValue("seen-user-agent"), Does.Match(@"^grpc-customerinsights/\d+\.\d+\.\d+ \(\.NET \d+\.\d+"));
            }
        });
    }

    [Test, CancelAfter(30_000)]
    public async Task Rich_errors_are_understood(CancellationToken cancellationToken)
    {
        var headers = Do("refuse");
        headers.Add("x-details", """
            [{"BadRequest":{"fieldViolations":[{"field":"segment.rule","description":"Empty."}]}},
             {"PreconditionFailure":{"violations":[{"type":"ETAG","subject":"x","description":"Old."}]}},
             {"ErrorInfo":{"reason":"WRONG","domain":"example.com","metadata":{"limit":"5"}}},
             {"RetryInfo":{"retryDelay":{"seconds":2,"nanos":500000000}}}]
            """.ReplaceLineEndings(""));

        var failure = await RefusedAsync(headers, StatusCode.InvalidArgument, "Two fields are wrong.", cancellationToken);
        var status = Google.Rpc.Status.Parser.ParseFrom(failure.Trailers.GetValueBytes("grpc-status-details-bin"));

        Assert.Multiple(() =>
        {
            Assert.That((status.Code, status.Message), Is.EqualTo(((int)failure.StatusCode, failure.Status.Detail)));
            Assert.That(status.Details[0].Unpack<BadRequest>().FieldViolations.Single(), Is.EqualTo(new BadRequest.Types.FieldViolation { Field = "segment.rule", Description = "Empty." }));
            Assert.That(status.Details[1].Unpack<PreconditionFailure>().Violations.Single().Type, Is.EqualTo("ETAG"));
            Assert.That(status.Details[2].Unpack<ErrorInfo>(), Is.EqualTo(new ErrorInfo { Reason = "WRONG", Domain = "example.com", Metadata = { ["limit"] = "5" } }));
            Assert.That(status.Details[3].Unpack<RetryInfo>().RetryDelay, Is.EqualTo(Duration.FromTimeSpan(TimeSpan.FromSeconds(2.5))));
        });
    }

    [TestCase("100% sure, %zz is no escape, %41 is no A, größer als ∞, 😈\r\n")]
    [TestCase("")]
    [CancelAfter(30_000)]
    public async Task Status_messages_arrive_as_they_are(string message, CancellationToken cancellationToken)
    {
        var failure = await RefusedAsync(Do("refuse"), StatusCode.Aborted, message, cancellationToken);

        Assert.That(failure.Status, Is.EqualTo(new Status(StatusCode.Aborted, message)));
    }

    [TestCaseSource(nameof(FailureCodes)), CancelAfter(30_000)]
    public async Task Every_code_arrives(StatusCode code, CancellationToken cancellationToken) =>
        Assert.That((await RefusedAsync(Do("refuse"), code, "x", cancellationToken)).StatusCode, Is.EqualTo(code));

    [Test, CancelAfter(30_000)]
    public async Task A_deadline_ends_the_call_on_both_sides(CancellationToken cancellationToken)
    {
        // The time is for the call, not for the connection.
        await _client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
        var deadline = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(1);

        var status = await Expect.StatusAsync(async () => await _client.UnaryCallAsync(new SimpleRequest(), Do("wait"), deadline, cancellationToken));
        var heard = await _server.HearAsync(cancellationToken);

        Assert.That(status, Is.EqualTo(StatusCode.DeadlineExceeded));
        Assert.That(((bool)heard["cancelled"]!, (double)heard["deadline"]!), Is.EqualTo((true, 500.0)).Within(500.0));
    }

    [Test, CancelAfter(30_000)]
    public async Task The_server_notices_that_the_client_cancels(CancellationToken cancellationToken)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = _client.StreamingOutputCall(new StreamingOutputCallRequest(), Do("wait"), cancellationToken: cancel.Token);
        Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.True);

        await cancel.CancelAsync();
        var heard = await _server.HearAsync(cancellationToken);

        Assert.That((bool)heard["cancelled"]!, Is.True);
        Assert.That(await Expect.StatusAsync(() => call.ResponseStream.MoveNext(cancellationToken)), Is.EqualTo(StatusCode.Cancelled));
    }

    [Test, CancelAfter(30_000)]
    public async Task A_message_too_large_for_the_server_is_refused(CancellationToken cancellationToken)
    {
        var payload = new Payload { Body = ByteString.CopyFrom(new byte[5_000_000]) };

        var unary = await Expect.StatusAsync(async () => await _client.UnaryCallAsync(new SimpleRequest { Payload = payload }, cancellationToken: cancellationToken));
        using var call = _client.StreamingInputCall(cancellationToken: cancellationToken);
        var upload = await Expect.StatusAsync(async () =>
        {
            await call.RequestStream.WriteAsync(new StreamingInputCallRequest { Payload = payload }, cancellationToken);
            await call.RequestStream.CompleteAsync();
            await call;
        });

        Assert.That((unary, upload), Is.EqualTo((StatusCode.ResourceExhausted, StatusCode.ResourceExhausted)));
    }

    [Test, CancelAfter(30_000)]
    public async Task A_message_too_large_for_the_client_is_refused(CancellationToken cancellationToken) => Assert.That(
        await Expect.StatusAsync(async () => await _client.UnaryCallAsync(new SimpleRequest { ResponseSize = 5_000_000 }, cancellationToken: cancellationToken)),
        Is.EqualTo(StatusCode.ResourceExhausted));

    [TestCase(null)]
    [TestCase(50)]
    [CancelAfter(30_000)]
    public async Task Two_hundred_calls_are_there_at_once(int? streamsPerConnection, CancellationToken cancellationToken)
    {
        var options = new JsonObject();
        if (streamsPerConnection is { } limit)
        {
            options["grpc.max_concurrent_streams"] = limit;
        }

        await using var server = await OfficialServer.StartAsync(new JsonObject { ["options"] = options }, cancellationToken);
        using var channel = GrpcChannel.ForAddress(server.Address);
        var client = new TestService.TestServiceClient(channel);

        // Nobody is answered before all have come: a client that kept to one full connection would wait for ever.
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ => await client.UnaryCallAsync(new SimpleRequest { ResponseSize = 200 }, Do("meet"), cancellationToken: cancellationToken)));
    }

    internal static Metadata Do(string what) => new() { { "x-do", what } };

    private static IEnumerable<StatusCode> FailureCodes() => Enum.GetValues<StatusCode>().Where(code => code != StatusCode.OK);

    private Task<RpcException> RefusedAsync(Metadata headers, StatusCode code, string message, CancellationToken cancellationToken)
    {
        var request = new SimpleRequest { ResponseStatus = new EchoStatus { Code = (int)code, Message = message } };
        return Expect.FailureAsync(async () => await _client.UnaryCallAsync(request, headers, cancellationToken: cancellationToken));
    }
}
