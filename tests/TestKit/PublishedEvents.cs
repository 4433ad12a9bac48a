using System.Text.Json;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Storage;
using Google.Protobuf;

namespace CustomerInsights.TestKit;

/// <summary>An event that a use case has published.</summary>
public sealed record PublishedEvent<T>(string Topic, string Subject, T Data);

/// <summary>Reads the outbox: what a use case under test has published, whether or not it has left.</summary>
public static class PublishedEvents
{
    /// <summary>The events of a topic, oldest first.</summary>
    public static async Task<IReadOnlyList<PublishedEvent<T>>> ReadAsync<T>(Database database, string topic, CancellationToken cancellationToken = default)
        where T : class, IMessage<T>, new()
    {
        var rows = await database.ReadAsync(
            session => session.QueryAsync<(string Subject, string Payload)>("SELECT subject, payload FROM outbox WHERE topic = @topic ORDER BY position", new { topic }),
            cancellationToken);
        return [.. rows.Select(row => new PublishedEvent<T>(topic, row.Subject, DataOf<T>(row.Payload)))];
    }

    private static T DataOf<T>(string payload)
        where T : class, IMessage<T>, new()
    {
        using var json = JsonDocument.Parse(payload);
        return EventJson.Parse<T>(json.RootElement.GetProperty("data").GetRawText())
            ?? throw new InvalidOperationException($"An event in the outbox has data that is no {typeof(T).Name}.");
    }
}
