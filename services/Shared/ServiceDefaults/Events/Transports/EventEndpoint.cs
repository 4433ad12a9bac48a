using MassTransit;
using MassTransit.Middleware;

namespace CustomerInsights.ServiceDefaults.Events.Transports;

/// <summary>What every receive endpoint has, whatever the broker.</summary>
internal static class EventEndpoint
{
    /// <summary>Header of an event in the dead-letter queue.</summary>
    public const string ReasonHeader = "dead-letter-reason";

    private const int ConcurrentEvents = 8;
    private const int PrefetchedEvents = 32;

    /// <summary>The dead-letter queue of a queue.</summary>
    public static string DeadLetterQueueOf(string queue) => $"{queue}_error";

    public static void UseCloudEvents(IBusFactoryConfigurator bus)
    {
        var serializer = new CloudEventSerializer();
        bus.ClearSerialization();
        bus.AddSerializer(serializer);
        bus.AddDeserializer(serializer, true);
    }

    public static void Configure(IReceiveEndpointConfigurator endpoint, Func<ConsumeContext<EventMessage>, Task> consume)
    {
        endpoint.ConfigureConsumeTopology = false;
        endpoint.PublishFaults = false;
        endpoint.ConcurrentMessageLimit = ConcurrentEvents;
        endpoint.PrefetchCount = PrefetchedEvents;
        endpoint.ConfigureError(error =>
        {
            error.UseFilter(new OnlyDeadLetters());
            error.UseFilter(new ErrorTransportFilter());
        });
        endpoint.Handler<EventMessage>(context => consume(context));
    }

    /// <summary>Lets refusals pass on to the dead-letter queue; anything else goes back to the broker for another delivery.</summary>
    private sealed class OnlyDeadLetters : IFilter<ExceptionReceiveContext>
    {
        public Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
        {
            if (context.Exception.GetBaseException() is not DeadLetterException refusal)
            {
                return Task.FromException(context.Exception);
            }

            context.ExceptionHeaders.Set(ReasonHeader, refusal.Message);
            return next.Send(context);
        }

        public void Probe(ProbeContext context) => context.CreateFilterScope("onlyDeadLetters");
    }
}
