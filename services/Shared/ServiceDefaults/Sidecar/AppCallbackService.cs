using System.Net;
using System.Security.Cryptography;
using System.Text;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Hosting;
using Dapr.Runtime.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using static Dapr.Runtime.V1.TopicEventResponse.Types;

namespace CustomerInsights.ServiceDefaults.Sidecar;

/// <summary>
/// What the sidecar delivers. It proves itself by the app token, or without one by calling from this machine:
/// https://docs.dapr.io/operations/security/app-api-token/.
/// </summary>
internal sealed class AppCallbackService(EventBus bus, SidecarOptions options) : AppCallback.AppCallbackBase
{
    private const string TokenHeader = "dapr-api-token";

    /// <summary>
    /// Lists the topics, each with a dead-letter topic, and those topics, whose events are kept as they were. Open to anybody, since
    /// the sidecar shows the app token with events only, and the topics are no secret.
    /// </summary>
    public override Task<ListTopicSubscriptionsResponse> ListTopicSubscriptions(Empty request, ServerCallContext context)
    {
        var response = new ListTopicSubscriptionsResponse();
        if (bus.Pushed is not { } transport)
        {
            return Task.FromResult(response);
        }

        foreach (var subscription in transport.Listed)
        {
            response.Subscriptions.Add(new TopicSubscription
            {
                PubsubName = transport.PubSub,
                Topic = subscription.Topic,
                Metadata = { ["queueType"] = "quorum" },
                Routes = new TopicRoutes { Default = $"/{subscription.Topic}" },
                DeadLetterTopic = subscription.DeadLetterTopic,
            });
            response.Subscriptions.Add(new TopicSubscription
            {
                PubsubName = transport.PubSub,
                Topic = subscription.DeadLetterTopic,
                Metadata = { ["queueType"] = "quorum", ["rawPayload"] = "true" },
                Routes = new TopicRoutes { Default = $"/{subscription.DeadLetterTopic}" },
            });
        }

        return Task.FromResult(response);
    }

    public override Task<ListInputBindingsResponse> ListInputBindings(Empty request, ServerCallContext context) => Task.FromResult(new ListInputBindingsResponse());

    public override async Task<TopicEventResponse> OnTopicEvent(TopicEventRequest request, ServerCallContext context)
    {
        Admit(context);
        if (bus.Pushed is not { } transport)
        {
            return new TopicEventResponse { Status = TopicEventResponseStatus.Retry };
        }

        // An event of a topic that nobody here knows: a newer version may, so it isn't dropped.
        var taken = transport.Find(request.Topic) switch
        {
            null => false,
            (var subscription, IsDeadLetter: true) => await transport.KeepAsync(subscription, request.Data.Memory, context.CancellationToken),
            (var subscription, _) => await transport.TakeAsync(subscription, DeliveredEvent.ToUtf8(request), context.CancellationToken),
        };
        return new TopicEventResponse { Status = taken ? TopicEventResponseStatus.Success : TopicEventResponseStatus.Retry };
    }

    private void Admit(ServerCallContext context)
    {
        var isAdmitted = options.AppToken is { } expected
            ? context.RequestHeaders.GetValue(TokenHeader) is { } shown && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(shown), Encoding.UTF8.GetBytes(expected))
            : context.GetHttpContext().Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address);
        if (!isAdmitted)
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, "Only the sidecar of this process may call the method."));
        }
    }
}

/// <summary>Whether the sidecar may deliver. As cheap as it can be: were the database asked, its outage would end every subscription.</summary>
internal sealed class AppHealthService(ProcessState state) : AppCallbackHealthCheck.AppCallbackHealthCheckBase
{
    public override Task<HealthCheckResponse> HealthCheck(Empty request, ServerCallContext context) => state.IsServing
        ? Task.FromResult(new HealthCheckResponse())
        : throw new RpcException(new Status(StatusCode.Unavailable, "The process is starting or stopping."));
}
