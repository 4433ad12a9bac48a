using RabbitMQ.Client;

namespace CustomerInsights.TestKit.Sidecar.Brokers;

/// <summary>The queue of a subscription, as the component declares it.</summary>
internal sealed class RabbitMqQueue(RabbitMqSettings settings, SidecarSubscription subscription)
{
    public string Topic { get; } = subscription.Topic;

    public string Name { get; } = subscription.Metadata.GetValueOrDefault("queueName") ?? $"{settings.ConsumerId}-{subscription.Topic}";

    public async Task DeclareAsync(IChannel channel, CancellationToken cancellationToken)
    {
        await channel.ExchangeDeclareAsync(Topic, settings.ExchangeKind, settings.IsDurable, settings.IsDeletedWhenUnused, cancellationToken: cancellationToken);
        var arguments = new Dictionary<string, object?> { ["x-queue-type"] = QueueType() };
        if (settings.HasDeadLetterQueues)
        {
            arguments["x-dead-letter-exchange"] = await DeclareDeadLettersAsync(channel, cancellationToken);
        }

        if (subscription.Metadata.GetValueOrDefault("singleActiveConsumer") == "true")
        {
            arguments["x-single-active-consumer"] = true;
        }

        await channel.QueueDeclareAsync(Name, settings.IsDurable, exclusive: false, settings.IsDeletedWhenUnused, arguments, cancellationToken: cancellationToken);
        foreach (var key in (subscription.Metadata.GetValueOrDefault("routingKey") ?? "").Split(','))
        {
            await channel.QueueBindAsync(Name, Topic, key, cancellationToken: cancellationToken);
        }
    }

    private string QueueType() => subscription.Metadata.GetValueOrDefault("queueType") switch
    {
        null or "" => "classic",
        "classic" or "quorum" => subscription.Metadata["queueType"],
        var other => throw new NotSupportedException($"invalid queue type {other}. Valid types are classic and quorum"),
    };

    private async Task<string> DeclareDeadLettersAsync(IChannel channel, CancellationToken cancellationToken)
    {
        var (exchange, queue) = ($"dlx-{Name}", $"dlq-{Name}");
        await channel.ExchangeDeclareAsync(exchange, "fanout", durable: true, settings.IsDeletedWhenUnused, cancellationToken: cancellationToken);
        await channel.QueueDeclareAsync(
            queue, durable: true, exclusive: false, settings.IsDeletedWhenUnused, new Dictionary<string, object?> { ["x-queue-mode"] = "lazy" }, cancellationToken: cancellationToken);
        await channel.QueueBindAsync(queue, exchange, "", cancellationToken: cancellationToken);
        return exchange;
    }
}
