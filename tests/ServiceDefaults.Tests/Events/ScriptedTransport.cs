using System.Collections.Concurrent;
using CustomerInsights.ServiceDefaults.Events.Transports;

namespace CustomerInsights.ServiceDefaults.Tests.Events;

/// <summary>A broker that does what a test says.</summary>
internal sealed class ScriptedTransport : IEventTransport
{
    public ConcurrentQueue<OutgoingEvent> Published { get; } = new();

    public Func<OutgoingEvent, CancellationToken, Task> Behaviour { get; set; } = (_, _) => Task.CompletedTask;

    public bool IsReady { get; set; } = true;

    public TimeSpan PublishTimeout => TimeSpan.FromSeconds(10);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task PublishAsync(OutgoingEvent outgoing, CancellationToken cancellationToken)
    {
        await Behaviour(outgoing, cancellationToken);
        Published.Enqueue(outgoing);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
