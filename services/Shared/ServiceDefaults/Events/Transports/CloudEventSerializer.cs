using System.Net.Mime;
using MassTransit;
using MassTransit.Serialization;

namespace CustomerInsights.ServiceDefaults.Events.Transports;

/// <summary>
/// Makes MassTransit carry the bodies as they are: no envelope goes out, and whatever comes in, of any content type, is
/// handed to the consumer, which alone decides what is malformed.
/// </summary>
internal sealed class CloudEventSerializer : ISerializerFactory, IMessageSerializer, IMessageDeserializer
{
    public ContentType ContentType { get; } = new(CloudEvent.ContentType);

    public IMessageSerializer CreateSerializer() => this;

    public IMessageDeserializer CreateDeserializer() => this;

    public MessageBody GetMessageBody<T>(SendContext<T> context)
        where T : class => context.Message is EventMessage message
            ? new BytesMessageBody(message.Body)
            : throw new InvalidOperationException($"Only events travel on this bus, not {typeof(T).Name}.");

    public MessageBody GetMessageBody(string text) => new StringMessageBody(text);

    public ConsumeContext Deserialize(ReceiveContext receiveContext) =>
        new BodyConsumeContext(receiveContext, Deserialize(receiveContext.Body, receiveContext.TransportHeaders, receiveContext.InputAddress));

    public SerializerContext Deserialize(MessageBody body, Headers headers, Uri? destinationAddress = null) =>
        new BodyContext(this, new RawMessageContext(headers, destinationAddress, RawSerializerOptions.AnyMessageType), body.GetBytes());

    public void Probe(ProbeContext context) => context.CreateScope("cloudevents");

    private sealed class BodyContext(CloudEventSerializer serializer, MessageContext message, byte[] body)
        : BaseSerializerContext(SystemTextJsonMessageSerializer.Instance, message, [MessageUrn.ForTypeString<EventMessage>()])
    {
        public override bool TryGetMessage<T>(out T? message)
            where T : class
        {
            message = new EventMessage(body) as T;
            return message is not null;
        }

        public override bool TryGetMessage(Type messageType, out object message)
        {
            message = new EventMessage(body);
            return messageType == typeof(EventMessage);
        }

        public override IMessageSerializer GetMessageSerializer() => serializer;

        public override IMessageSerializer GetMessageSerializer<T>(MessageEnvelope envelope, T message) => serializer;

        public override IMessageSerializer GetMessageSerializer(object message, string[] messageTypes) => serializer;

        public override Dictionary<string, object> ToDictionary<T>(T? message)
            where T : class => [];
    }
}
