using System.Text.Json.Nodes;
using CustomerInsights.Conformance.Peers;
using CustomerInsights.Rpc.Tests;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Grpc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Status = Grpc.Core.Status;

namespace CustomerInsights.Conformance.Calling;

/// <summary>What the official JavaScript client sees of our server beyond the interoperability cases.</summary>
[Parallelizable]
internal sealed class OfficialClientTests
{
    private const string Unary = "UnaryCall";
    private const string Down = "StreamingOutputCall";

    private OfficialClient _client = null!;

    [OneTimeSetUp]
    public void Start() => _client = new OfficialClient();

    [OneTimeTearDown]
    public async Task StopAsync() => await _client.DisposeAsync();

    [Test, CancelAfter(30_000)]
    public async Task Binary_metadata_arrives_whole_in_both_ways(CancellationToken cancellationToken)
    {
        byte[][] values = [[0xab, 0x00, 0xff], [], [.. Enumerable.Range(0, 1024).Select(i => (byte)i)], [0x2c]];
        string[] texts = ["plain", "with, comma and = sign"];
        var received = new Metadata();
        await using var server = await ScriptedAsync(new Script
        {
            Unary = async (_, context) =>
            {
                foreach (var entry in context.RequestHeaders.Where(entry => entry.Key.StartsWith("a-", StringComparison.Ordinal)))
                {
                    received.Add(entry);
                    context.ResponseTrailers.Add(entry);
                }

                await context.WriteResponseHeadersAsync(received);
                return new SimpleResponse();
            },
        });
        var bytes = new JsonArray([.. values.Select(value => JsonValue.Create(Convert.ToBase64String(value)))]);
        var metadata = new JsonObject { ["a-bytes-bin"] = bytes, ["a-text"] = new JsonArray([.. texts.Select(text => JsonValue.Create(text))]) };

        var answer = await _client.CallAsync(At(server), Unary, new JsonObject { ["metadata"] = metadata.DeepClone() }, cancellationToken);

        Assert.Multiple(() =>
        {
            Assert.That(received.GetAll("a-bytes-bin").Select(entry => entry.ValueBytes), Is.EqualTo(values));
            Assert.That(JsonNode.DeepEquals(answer["headers"]!["a-bytes-bin"], bytes), answer.ToJsonString());
            Assert.That(JsonNode.DeepEquals(answer["trailers"]!["a-bytes-bin"], bytes), answer.ToJsonString());

            // Node joins the values of a text by commas, as HTTP allows.
            Assert.That(string.Join(", ", received.GetAll("a-text").Select(entry => entry.Value)), Is.EqualTo(string.Join(", ", texts)));
            Assert.That(string.Join(", ", answer["trailers"]!["a-text"]!.AsArray().Select(value => (string)value!)), Is.EqualTo(string.Join(", ", texts)));
        });
    }

    [Test, CancelAfter(30_000)]
    public async Task Rich_errors_are_understood(CancellationToken cancellationToken)
    {
        var status = new Google.Rpc.Status
        {
            Code = (int)StatusCode.InvalidArgument,
            Message = "Two fields are wrong: 100% sure, größer",
            Details =
            {
                Any.Pack(new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = "segment.rule", Description = "Empty." } } }),
                Any.Pack(new PreconditionFailure { Violations = { new PreconditionFailure.Types.Violation { Type = "ETAG", Subject = "x", Description = "Old." } } }),
                Any.Pack(new ErrorInfo { Reason = "WRONG", Domain = "example.com", Metadata = { ["limit"] = "5" } }),
                Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(2.5)) }),
            },
        };
        await using var server = await ScriptedAsync(new Script
        {
            Unary = (_, _) => throw new RpcException(
                new Status(StatusCode.InvalidArgument, status.Message), new Metadata { { "grpc-status-details-bin", status.ToByteArray() } }),
        });

        var answer = await _client.CallAsync(At(server), Unary, [], cancellationToken);

        var expected = JsonNode.Parse("""
            {"code":3,"message":"Two fields are wrong: 100% sure, größer","details":[
              {"BadRequest":{"fieldViolations":[{"field":"segment.rule","description":"Empty."}]}},
              {"PreconditionFailure":{"violations":[{"type":"ETAG","subject":"x","description":"Old."}]}},
              {"ErrorInfo":{"reason":"WRONG","domain":"example.com","metadata":{"limit":"5"}}},
              {"RetryInfo":{"retryDelay":{"seconds":2,"nanos":500000000}}}]}
            """);
        Assert.That(JsonNode.DeepEquals(answer["status"], expected), answer.ToJsonString());
        Assert.That(((int)answer["code"]!, (string?)answer["details"]), Is.EqualTo((3, status.Message)));
    }

    [TestCase("100% sure, %zz is no escape, %41 is no A, größer als ∞, 😈\r\n")]
    [TestCase("")]
    [CancelAfter(30_000)]
    public async Task Status_messages_arrive_as_they_are(string message, CancellationToken cancellationToken)
    {
        await using var server = await ScriptedAsync(new Script { Unary = (_, _) => throw new RpcException(new Status(StatusCode.Aborted, message)) });

        var answer = await _client.CallAsync(At(server), Unary, [], cancellationToken);

        Assert.That(((int)answer["code"]!, (string?)answer["details"]), Is.EqualTo(((int)StatusCode.Aborted, message)));
    }

    [Test, CancelAfter(30_000)]
    public async Task A_deadline_ends_the_call_on_both_sides(CancellationToken cancellationToken)
    {
        var deadline = new TaskCompletionSource<DateTime>();
        await using var server = await ScriptedAsync(new Script
        {
            Unary = async (_, context) =>
            {
                if (context.Deadline < DateTime.MaxValue)
                {
                    await Task.Delay(Timeout.Infinite, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    deadline.SetResult(context.Deadline);
                }

                return new SimpleResponse();
            },
        });

        // The time is for the call, not for the connection.
        await _client.CallAsync(At(server), Unary, [], cancellationToken);
        var earliest = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(1);
        var answer = await _client.CallAsync(At(server), Unary, new JsonObject { ["deadline"] = 1000 }, cancellationToken);

        Assert.That((int)answer["code"]!, Is.EqualTo((int)StatusCode.DeadlineExceeded));
        Assert.That(await deadline.Task.WaitAsync(cancellationToken), Is.InRange(earliest.AddMilliseconds(-1), earliest.AddSeconds(20)));
    }

    [Test, CancelAfter(30_000)]
    public async Task The_server_notices_that_the_client_cancels(CancellationToken cancellationToken)
    {
        var noticed = new TaskCompletionSource();
        await using var server = await ScriptedAsync(new Script
        {
            Down = async (_, messages, context) =>
            {
                await messages.WriteAsync(new StreamingOutputCallResponse());
                await Task.Delay(Timeout.Infinite, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                noticed.SetResult();
            },
        });

        var answer = await _client.CallAsync(At(server), Down, new JsonObject { ["cancelAt"] = 1 }, cancellationToken);

        Assert.That((int)answer["code"]!, Is.EqualTo((int)StatusCode.Cancelled));
        await noticed.Task.WaitAsync(cancellationToken);
    }

    [Test, CancelAfter(30_000)]
    public async Task The_client_notices_that_the_server_gives_up(CancellationToken cancellationToken)
    {
        await using var server = await ScriptedAsync(new Script
        {
            Down = async (_, messages, _) =>
            {
                await messages.WriteAsync(new StreamingOutputCallResponse());
                throw new RpcException(new Status(StatusCode.Cancelled, "Enough."));
            },
        });

        var answer = await _client.CallAsync(At(server), Down, [], cancellationToken);

        Assert.That(((int)answer["code"]!, (string?)answer["details"]), Is.EqualTo(((int)StatusCode.Cancelled, "Enough.")));
    }

    [TestCase(Unary)]
    [TestCase("StreamingInputCall")]
    [TestCase("FullDuplexCall")]
    [CancelAfter(30_000)]
    public async Task A_message_too_large_for_the_server_is_refused(string method, CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();

        var answer = await _client.CallAsync(At(server), method, new JsonObject { ["payload"] = 5_000_000 }, cancellationToken);

        Assert.That((int)answer["code"]!, Is.EqualTo((int)StatusCode.ResourceExhausted), answer.ToJsonString());
    }

    [Test, CancelAfter(30_000)]
    public async Task A_message_too_large_for_the_client_is_refused(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();

        var answer = await _client.CallAsync(At(server), Unary, new JsonObject { ["request"] = new JsonObject { ["responseSize"] = 5_000_000 } }, cancellationToken);

        Assert.That((int)answer["code"]!, Is.EqualTo((int)StatusCode.ResourceExhausted), answer.ToJsonString());
    }

    [Test, CancelAfter(30_000)]
    public async Task Two_hundred_calls_at_once_are_answered(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();

        var statuses = await _client.CallManyAsync(At(server), 200, new JsonObject { ["payload"] = 10_000 }, cancellationToken);

        Assert.That(statuses, Is.EqualTo(new Dictionary<StatusCode, int> { [StatusCode.OK] = 200 }));
    }

    [Test, CancelAfter(30_000)]
    public async Task Frequent_pings_are_answered_and_do_no_harm(CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        var often = new JsonObject { ["grpc.keepalive_time_ms"] = 200, ["grpc.keepalive_timeout_ms"] = 2000, ["grpc.keepalive_permit_without_calls"] = 1 };
        var slowly = new JsonObject { ["responseParameters"] = new JsonArray([.. Enumerable.Range(0, 4).Select(_ => new JsonObject { ["size"] = 1, ["intervalUs"] = 500_000 })]) };

        var answer = await _client.CallAsync(At(server), Down, new JsonObject { ["options"] = often, ["request"] = slowly }, cancellationToken);
        var (sent, answered) = await _client.PingsAsync(cancellationToken);

        Assert.That(((int)answer["code"]!, answer["sizes"]!.AsArray().Count), Is.EqualTo((0, 4)), answer.ToJsonString());
        Assert.That(answered, Is.GreaterThanOrEqualTo(4).And.InRange(sent - 1, sent));
    }

    [Test, CancelAfter(30_000)]
    public async Task The_server_learns_who_calls(CancellationToken cancellationToken)
    {
        string? agent = null;
        await using var server = await ScriptedAsync(new Script
        {
            Unary = (_, context) =>
            {
                agent = context.RequestHeaders.GetValue("user-agent");
                return Task.FromResult(new SimpleResponse());
            },
        });
        var options = new JsonObject { ["grpc.primary_user_agent"] = "stranger/1.0" };

        await _client.CallAsync(At(server), Unary, new JsonObject { ["options"] = options }, cancellationToken);

        Assert.That(agent, Does.Match(@"^stranger/1\.0 grpc-node-js/\d+\.\d+\.\d+"));
    }

    [TestCase("application/grpc+proto", "200")]
    [TestCase("application/grpc;charset=utf-8", "200")]
    [TestCase("application/grpcx", "415")]
    [CancelAfter(30_000)]
    public async Task Content_types_are_told_apart(string contentType, string status, CancellationToken cancellationToken)
    {
        await using var server = await TestServer.StartAsync<InteropService>();
        await using var peer = NodePeer.Start("Calling/bare.mjs", []);
        var headers = new JsonObject { [":path"] = "/grpc.testing.TestService/EmptyCall", ["content-type"] = contentType };

        var answer = await peer.AskAsync(
            new JsonObject { ["address"] = At(server), ["headers"] = headers, ["body"] = Convert.ToBase64String(new byte[5]) }, cancellationToken);

        Assert.That(answer["headers"]![":status"]!.ToString(), Is.EqualTo(status), answer.ToJsonString());
        if (status == "200")
        {
            Assert.That(((string?)answer["trailers"]!["grpc-status"], (string?)answer["body"]), Is.EqualTo(("0", "AAAAAAA=")));
        }
    }

    private static string At(TestServer server) => server.Address.Authority;

    private static Task<TestServer> ScriptedAsync(Script script) => TestServer.StartAsync<ScriptedService>(services: services => services.AddSingleton(script));
}
