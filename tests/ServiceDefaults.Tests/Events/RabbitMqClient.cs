using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.TestKit;
using RabbitMQ.Client;

namespace CustomerInsights.ServiceDefaults.Tests.Events;

/// <summary>A RabbitMQ client as an outsider would write it.</summary>
internal static class RabbitMqClient
{
    public static Task<IConnection> ConnectAsync() => new ConnectionFactory { Uri = TestServers.RabbitMq }.CreateConnectionAsync();

    /// <summary>Removes what a test has made on the shared broker.</summary>
    public static async Task DeleteAsync(EventTransportKind transport, string topic, params string[] queues)
    {
        if (transport != EventTransportKind.RabbitMq)
        {
            return;
        }

        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        foreach (var queue in queues.SelectMany(queue => new[] { queue, $"{queue}_error" }))
        {
            await channel.QueueDeleteAsync(queue);
            await channel.ExchangeDeleteAsync(queue);
        }

        await channel.ExchangeDeleteAsync(topic);
    }
}
