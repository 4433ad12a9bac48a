using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using CustomerInsights.TestKit;
using Dapr.Runtime.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using static Dapr.Runtime.V1.TopicEventResponse.Types;

namespace CustomerInsights.Sidecar.Tests;

/// <summary>An app as a sidecar sees it: lists subscriptions, says how it is, takes events. Its port is known before it listens.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private readonly ConcurrentQueue<AppEvent> _events = new();
    private readonly int _port = ReservedPort.Take();
    private WebApplication? _web;
    private int _listings;
    private int _healthQuestions;

    public Uri Address => new($"http://127.0.0.1:{_port}");

    public List<TopicSubscription> Subscriptions { get; init; } = [];

    /// <summary>What it answers to an event.</summary>
    public Func<TopicEventRequest, ServerCallContext, Task<TopicEventResponseStatus>> Answer { get; set; } = (_, _) => Task.FromResult(TopicEventResponseStatus.Success);

    public bool IsWell { get; set; } = true;

    /// <summary>What came, in order, whatever was answered.</summary>
    public IReadOnlyList<AppEvent> Events => [.. _events];

    public int Listings => _listings;

    public int HealthQuestions => _healthQuestions;

    /// <summary>Metadata of the last question for subscriptions or health.</summary>
    public Metadata LastQuestion { get; private set; } = [];

    public static TopicSubscription Subscribe(string topic, string deadLetterTopic = "", params (string Name, string Value)[] metadata)
    {
        var subscription = new TopicSubscription { PubsubName = "pubsub", Topic = topic, DeadLetterTopic = deadLetterTopic };
        foreach (var (name, value) in metadata)
        {
            subscription.Metadata[name] = value;
        }

        return subscription;
    }

    public async Task<TestApp> ListenAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        _web = builder.Build();
        _web.MapGrpcService<Callback>();
        _web.MapGrpcService<Health>();
        await _web.StartAsync();
        return this;
    }

    /// <summary>Waits until so many events have come, and returns all.</summary>
    public async Task<IReadOnlyList<AppEvent>> HearAsync(int count, CancellationToken cancellationToken)
    {
        await Eventually.TrueAsync(() => _events.Count >= count, $"{count} event(s) reach the app; {_events.Count} did", cancellationToken: cancellationToken);
        return Events;
    }

    public async ValueTask DisposeAsync()
    {
        if (_web is not null)
        {
            await _web.DisposeAsync();
        }
    }

    private sealed class Callback(TestApp app) : AppCallback.AppCallbackBase
    {
        public override Task<ListTopicSubscriptionsResponse> ListTopicSubscriptions(Empty request, ServerCallContext context)
        {
            app.LastQuestion = context.RequestHeaders;
            Interlocked.Increment(ref app._listings);
            return Task.FromResult(new ListTopicSubscriptionsResponse { Subscriptions = { app.Subscriptions } });
        }

        public override async Task<TopicEventResponse> OnTopicEvent(TopicEventRequest request, ServerCallContext context)
        {
            app._events.Enqueue(new AppEvent(request, context.RequestHeaders, context.GetHttpContext().Request.ContentType));
            return new TopicEventResponse { Status = await app.Answer(request, context) };
        }
    }

    private sealed class Health(TestApp app) : AppCallbackHealthCheck.AppCallbackHealthCheckBase
    {
        public override Task<HealthCheckResponse> HealthCheck(Empty request, ServerCallContext context)
        {
            app.LastQuestion = context.RequestHeaders;
            Interlocked.Increment(ref app._healthQuestions);
            return app.IsWell ? Task.FromResult(new HealthCheckResponse()) : throw new RpcException(new Status(StatusCode.Unavailable, "ill"));
        }
    }
}

/// <summary>An event as it came.</summary>
internal sealed record AppEvent(TopicEventRequest Request, Metadata Headers, string? ContentType)
{
    /// <summary>The data as JSON: of a subscriber of raw payloads, the whole event as the broker had it.</summary>
    public JsonObject Json => JsonNode.Parse(Request.Data.ToStringUtf8())!.AsObject();
}
