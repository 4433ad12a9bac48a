using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using CustomerInsights.Rpc.Metering;
using Grpc.Core;
using Grpc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Rpc.Tests.Metering;

/// <summary>What listeners learn of calls. Alone, because listeners hear all calls of the process.</summary>
[NonParallelizable]
[CancelAfter(20_000)]
internal sealed class CallTelemetryTests
{
    [Test]
    public async Task A_call_is_an_activity_and_a_measurement_on_both_sides(CancellationToken cancellationToken)
    {
        using var heard = new Heard();
        await using var server = await ServeAsync(new Script());

        await new TestService.TestServiceClient(server.Channel).UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);

        var client = heard.Activities.Single();
        Assert.That(client.DisplayName, Is.EqualTo("grpc.testing.TestService/UnaryCall"));
        Assert.That(client.Kind, Is.EqualTo(ActivityKind.Client));
        Assert.That(client.Status, Is.EqualTo(ActivityStatusCode.Unset));
        string[] common = ["rpc.method=grpc.testing.TestService/UnaryCall", "rpc.response.status_code=OK", "rpc.system.name=grpc"];
        string[] ofClient = [.. common, "server.address=127.0.0.1", $"server.port={server.Address.Port}"];
        Assert.That(Texts(client.TagObjects), Is.EquivalentTo(ofClient));
        await Expect.TrueAsync(() => heard.Durations.Count == 2);
        Assert.That(heard.Durations["rpc.client.call.duration"], Is.EquivalentTo(ofClient));
        Assert.That(heard.Durations["rpc.server.call.duration"], Is.EquivalentTo(common));
        await Expect.TrueAsync(() => !heard.Requests.IsEmpty);
        Assert.That(Texts(heard.Requests.Single().TagObjects), Is.SupersetOf(common));
        Assert.That(heard.Units, Is.All.EqualTo("s"));
    }

    [TestCase(StatusCode.NotFound, "NOT_FOUND", false)]
    [TestCase(StatusCode.Unavailable, "UNAVAILABLE", true)]
    public async Task Failures_are_errors_of_the_client_and_some_of_the_server(StatusCode code, string name, bool isServersError, CancellationToken cancellationToken)
    {
        using var heard = new Heard();
        await using var server = await ServeAsync(new Script { Unary = (_, _) => throw new RpcException(new Status(code, "no")) });

        await Expect.StatusAsync(async () => await new TestService.TestServiceClient(server.Channel).UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken));

        Assert.That(heard.Activities.Single().Status, Is.EqualTo(ActivityStatusCode.Error));
        await Expect.TrueAsync(() => heard.Durations.Count == 2);
        Assert.That(heard.Durations["rpc.client.call.duration"], Has.Member($"error.type={name}"));
        Assert.That(heard.Durations["rpc.server.call.duration"], Has.Member($"rpc.response.status_code={name}"));
        Assert.That(heard.Durations["rpc.server.call.duration"].Contains($"error.type={name}"), Is.EqualTo(isServersError));
    }

    [Test]
    public async Task The_server_continues_the_trace_and_the_caller_keeps_its_own_activity(CancellationToken cancellationToken)
    {
        using var heard = new Heard();
        string? parent = null;
        await using var server = await ServeAsync(new Script
        {
            Down = async (_, responses, context) =>
            {
                parent = context.RequestHeaders.GetValue("traceparent");
                await responses.WriteAsync(new StreamingOutputCallResponse());
                await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
            },
        });
        using var mine = new Activity("mine").Start();
        using (var call = new TestService.TestServiceClient(server.Channel).StreamingOutputCall(new StreamingOutputCallRequest(), cancellationToken: cancellationToken))
        {
            Assert.That(Activity.Current, Is.SameAs(mine));
            Assert.That(await call.ResponseStream.MoveNext(cancellationToken), Is.True);
        }

        Assert.That(Activity.Current, Is.SameAs(mine));
        var client = heard.Activities.Single();
        Assert.That(client.ParentSpanId, Is.EqualTo(mine.SpanId));
        Assert.That(parent, Does.StartWith($"00-{mine.TraceId}-").And.Not.Contain(mine.SpanId.ToString()));
        Assert.That(client.GetTagItem("rpc.response.status_code"), Is.EqualTo("CANCELLED"), "The call was disposed before its end.");
    }

    private static Task<TestServer> ServeAsync(Script script) => TestServer.StartAsync<ScriptedService>(services: services => services.AddSingleton(script));

    private static IEnumerable<string> Texts(IEnumerable<KeyValuePair<string, object?>> tags) => tags.Select(tag => $"{tag.Key}={tag.Value}");

    /// <summary>Listens to the runtime.</summary>
    private sealed class Heard : IDisposable
    {
        private readonly ActivityListener _activities;
        private readonly MeterListener _meters = new();

        public Heard()
        {
            _activities = new ActivityListener
            {
                ShouldListenTo = source => source.Name is CallTelemetry.Name or "Microsoft.AspNetCore",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = activity => (activity.Kind == ActivityKind.Client ? Activities : Requests).Add(activity),
            };
            ActivitySource.AddActivityListener(_activities);
            _meters.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == CallTelemetry.Name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) =>
            {
                Units.Add(instrument.Unit);
                Durations[instrument.Name] = [.. Texts(tags.ToArray())];
            });
            _meters.Start();
        }

        public ConcurrentBag<Activity> Activities { get; } = [];

        /// <summary>HTTP requests as the server sees them.</summary>
        public ConcurrentBag<Activity> Requests { get; } = [];

        public ConcurrentDictionary<string, IReadOnlyList<string>> Durations { get; } = new();

        public ConcurrentBag<string?> Units { get; } = [];

        public void Dispose()
        {
            _activities.Dispose();
            _meters.Dispose();
        }
    }
}
