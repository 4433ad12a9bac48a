using System.Collections.Concurrent;
using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Exports.Tests.Staging;

/// <summary>A worker that only listens: what exports publish ends here.</summary>
internal sealed class HearingApp(HeardEvents heard) : IServiceApp
{
    public string AppId => "worker-braze";

    public void Configure(ServiceBuilder builder)
    {
        builder.Services.AddSingleton(heard);
        builder.Subscribe<ExportRunRequested, HearRequested>(Topics.BrazeRunRequested);
        builder.Subscribe<ExportRunRequested, HearRequested>(Topics.MicrosoftAdvertisingRunRequested);
        builder.Subscribe<ExportRunCompleted, HearCompleted>(Topics.ExportRunCompleted);
        builder.Subscribe<ExportDeleted, HearDeleted>(Topics.ExportDeleted);
    }

    private sealed class HearRequested(HeardEvents heard) : IEventHandler<ExportRunRequested>
    {
        public Task<EventOutcome> HandleAsync(Event<ExportRunRequested> received, Transaction transaction, CancellationToken cancellationToken)
        {
            transaction.AfterCommit(() => heard.Requested.Enqueue(received.Data));
            return Task.FromResult(EventOutcome.Handled);
        }
    }

    private sealed class HearCompleted(HeardEvents heard) : IEventHandler<ExportRunCompleted>
    {
        public Task<EventOutcome> HandleAsync(Event<ExportRunCompleted> received, Transaction transaction, CancellationToken cancellationToken)
        {
            transaction.AfterCommit(() => heard.Completed.Enqueue(received.Data));
            return Task.FromResult(EventOutcome.Handled);
        }
    }

    private sealed class HearDeleted(HeardEvents heard) : IEventHandler<ExportDeleted>
    {
        public Task<EventOutcome> HandleAsync(Event<ExportDeleted> received, Transaction transaction, CancellationToken cancellationToken)
        {
            transaction.AfterCommit(() => heard.Deleted.Enqueue(received.Data));
            return Task.FromResult(EventOutcome.Handled);
        }
    }
}

/// <summary>What was heard, of all environments of a stage.</summary>
internal sealed class HeardEvents
{
    public ConcurrentQueue<ExportRunRequested> Requested { get; } = new();

    public ConcurrentQueue<ExportRunCompleted> Completed { get; } = new();

    public ConcurrentQueue<ExportDeleted> Deleted { get; } = new();
}
