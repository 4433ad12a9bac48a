using System.Collections.Concurrent;
using System.Net.Sockets;
using CustomerInsights.ServiceDefaults.Storage;
using Grpc.Core;
using Npgsql;

namespace CustomerInsights.ServiceDefaults.Events.Receiving;

/// <summary>
/// Tells an outage, which passes, from an event that nothing will ever get through with: that one must not come again for
/// ever and take the places of others. Counted in the memory of a process; replicas and restarts only make it a little more.
/// </summary>
internal sealed class JudgeFailure
{
    /// <summary>The database refuses what the event holds.</summary>
    public const string DataRefused = "DATA_REFUSED";

    /// <summary>Failed for reasons of its own, or of a bug, as often as it may.</summary>
    public const string DeliveryLimit = "DELIVERY_LIMIT";

    /// <summary>Failures that count, of one event: ten deliveries of four attempts, more than a minute.</summary>
    public const int MaxFailures = 40;

    // Events that other replicas handled in the end are never forgotten one by one.
    private const int MaxCounted = 10_000;

    private readonly ConcurrentDictionary<(string Source, string Id), int> _failures = new();

    /// <summary>Why the event is given up; null when it shall come again.</summary>
    public string? Judge(CloudEvent received, Exception exception)
    {
        if (DatabaseRefusal.Is(exception))
        {
            return DataRefused;
        }

        if (IsOutage(exception))
        {
            return null;
        }

        if (_failures.Count >= MaxCounted)
        {
            _failures.Clear();
        }

        var failures = _failures.AddOrUpdate((received.Source, received.Id), 1, (_, before) => before + 1);
        if (failures < MaxFailures)
        {
            return null;
        }

        Forget(received);
        return DeliveryLimit;
    }

    /// <summary>The event was handled.</summary>
    public void Forget(CloudEvent received) => _failures.TryRemove((received.Source, received.Id), out _);

    private static bool IsOutage(Exception exception) => DatabaseOutage.Is(exception) || exception switch
    {
        // It concerns the session: no room, no access, or a standby that is not promoted yet.
        PostgresException refused => refused.InvariantSeverity is "FATAL" or "PANIC" || refused.SqlState == PostgresErrorCodes.ReadOnlySqlTransaction,
        RpcException failed => failed.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled or StatusCode.ResourceExhausted,
        _ => exception is SocketException or HttpRequestException or IOException or TimeoutException or OperationCanceledException,
    };
}
