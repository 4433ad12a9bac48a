using CustomerInsights.ServiceDefaults.Sidecar;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Events.Transports;

/// <summary>
/// Events through a Dapr sidecar: out over its HTTP API, in by its calls of <see cref="AppCallbackService"/>. What nobody will
/// ever handle is kept in the service's database, since a dead-letter topic keeps nothing by itself.
/// </summary>
internal sealed partial class DaprTransport(
    SidecarClient sidecar, DaprEventOptions options, IReadOnlyList<EventSubscription> subscriptions, TimeProvider time, Random random, ILoggerFactory loggers) : IEventTransport
{
    /// <summary>Reason of an event that the sidecar could not get through with, as often as its policy let it try.</summary>
    public const string GivenUp = "GIVEN_UP_BY_SIDECAR";

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ILogger _logger = loggers.CreateLogger<DaprTransport>();
    private readonly Lock _gate = new();
    private TaskCompletionSource? _idle;
    private int _underWay;
    private volatile bool _isReady;
    private volatile bool _isClosed;
    private Task _looking = Task.CompletedTask;

    public bool IsReady => _isReady && !_isClosed;

    public TimeSpan PublishTimeout => TimeSpan.FromSeconds(10);

    /// <summary>The component that carries the events.</summary>
    public string PubSub => options.PubSub;

    /// <summary>What the sidecar is to deliver; nothing when the platform declares it.</summary>
    public IReadOnlyList<EventSubscription> Listed => options.Subscriptions == DaprSubscriptions.Programmatic ? subscriptions : [];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // The sidecar waits for our port before it is healthy, so nothing here may wait for the sidecar.
        _looking = LookAsync(_stopping.Token);
        return Task.CompletedTask;
    }

    public Task PublishAsync(OutgoingEvent outgoing, CancellationToken cancellationToken) => sidecar.PublishAsync(PubSub, outgoing, cancellationToken);

    /// <summary>Handles what the sidecar delivers of a topic. False: again later.</summary>
    public async Task<bool> TakeAsync(EventSubscription subscription, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        if (!TryBegin())
        {
            return false;
        }

        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, cancellationToken);
            var outcome = await new ConsumeWithRetries(ConsumeWithRetries.Short, time, random, _logger).RunAsync(subscription, body, either.Token);
            if (outcome.DeadLetterReason is { } reason)
            {
                await subscription.KeepDeadLetterAsync(new DeadLetter(reason, body), either.Token);
            }

            return true;
        }
        catch (Exception exception)
        {
            Log.NotHandled(_logger, subscription.Queue, exception.GetType().Name);
            return false;
        }
        finally
        {
            End();
        }
    }

    /// <summary>Keeps what the sidecar has given up on.</summary>
    public async Task<bool> KeepAsync(EventSubscription subscription, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        try
        {
            await subscription.KeepDeadLetterAsync(new DeadLetter(GivenUp, body), cancellationToken);
            return true;
        }
        catch (Exception exception)
        {
            Log.NotHandled(_logger, subscription.DeadLetterTopic, exception.GetType().Name);
            return false;
        }
    }

    /// <summary>The subscription that a topic belongs to, and whether the topic is that of its dead letters.</summary>
    public (EventSubscription Subscription, bool IsDeadLetter)? Find(string topic) =>
        subscriptions.FirstOrDefault(known => known.Topic == topic) is { } subscription ? (subscription, false)
        : subscriptions.FirstOrDefault(known => known.DeadLetterTopic == topic) is { } given ? (given, true)
        : null;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_isClosed)
        {
            return;
        }

        var idle = Close();
        await _stopping.CancelAsync();
        await _looking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await idle.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _stopping.Dispose();
        sidecar.Dispose();
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(LookEvery);
            var wasReady = _isReady;
            _isReady = await IsReadyAsync(patience.Token);
            if (wasReady != _isReady)
            {
                Log.Sidecar(_logger, _isReady ? "is ready" : "can't be reached");
            }

            await Task.Delay(LookEvery, time, cancellationToken);
        }
    }

    private async Task<bool> IsReadyAsync(CancellationToken patience)
    {
        try
        {
            return await sidecar.IsReadyAsync(patience);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Takes nothing more. The task ends with what is under way.</summary>
    private Task Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _underWay == 0 ? Task.CompletedTask : _idle.Task;
        }
    }

    private bool TryBegin()
    {
        lock (_gate)
        {
            _underWay += _isClosed ? 0 : 1;
            return !_isClosed;
        }
    }

    private void End()
    {
        lock (_gate)
        {
            if (--_underWay == 0)
            {
                _idle?.TrySetResult();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "An event of {Queue} was not handled and comes again: {Kind}")]
        public static partial void NotHandled(ILogger logger, string queue, string kind);

        [LoggerMessage(2, LogLevel.Information, "The sidecar {State}")]
        public static partial void Sidecar(ILogger logger, string state);
    }
}
