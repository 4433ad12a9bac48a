using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace CustomerInsights.ServiceDefaults.HealthChecking;

/// <summary>Which services take calls. Others set it; <see cref="HealthService"/> tells clients.</summary>
internal sealed class ServingStatuses
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ServingStatus> _statuses = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="service">Full name of the service; empty for the server as a whole.</param>
    /// <param name="status">Its status from now on.</param>
    public void Set(string service, ServingStatus status)
    {
        lock (_gate)
        {
            _statuses[service] = status;
            Announce();
        }
    }

    /// <summary>Gives all known services the same status, as before a stop.</summary>
    public void SetAll(ServingStatus status)
    {
        lock (_gate)
        {
            foreach (var service in _statuses.Keys)
            {
                _statuses[service] = status;
            }

            Announce();
        }
    }

    /// <summary>The status, or null for a service never set.</summary>
    public ServingStatus? Find(string service)
    {
        lock (_gate)
        {
            return _statuses.TryGetValue(service, out var status) ? status : null;
        }
    }

    internal IReadOnlyDictionary<string, ServingStatus> All()
    {
        lock (_gate)
        {
            return _statuses.ToDictionary();
        }
    }

    /// <summary>The status, and a task that ends when it may have changed.</summary>
    internal (ServingStatus? Status, Task Changed) Look(string service)
    {
        lock (_gate)
        {
            return (_statuses.TryGetValue(service, out var status) ? status : null, _changed.Task);
        }
    }

    private void Announce()
    {
        _changed.SetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
