namespace CustomerInsights.TestKit.Sidecar;

/// <summary>A pub/sub component as its resource describes it. Sidecars that are given the same object share its faults.</summary>
public sealed record SidecarComponent
{
    public const string InMemory = "pubsub.in-memory";
    public const string RabbitMq = "pubsub.rabbitmq";

    public string Name { get; init; } = "pubsub";

    public string Type { get; init; } = InMemory;

    /// <summary>As in the resource, names and values as Dapr has them.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>What is to go wrong.</summary>
    public BrokerFaults Faults { get; } = new();

    /// <summary>Whether an app may use a topic, by the scopes in the metadata.</summary>
    public bool Allows(string scopes, string appId, string topic)
    {
        var allowed = List("allowedTopics", ',');
        var guarded = List("protectedTopics", ',');
        var scoped = List(scopes, ';').Select(scope => scope.Split('=', 2)).FirstOrDefault(scope => scope[0].Trim() == appId);
        var own = scoped?.ElementAtOrDefault(1)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return (allowed.Count == 0 || allowed.Contains(topic) || guarded.Contains(topic))
            && (own is null ? !guarded.Contains(topic) : own.Contains(topic));
    }

    private List<string> List(string name, char separator) =>
        [.. (Metadata.GetValueOrDefault(name) ?? "").Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
}

/// <summary>What goes wrong between a sidecar and its broker. All of it can be switched at any time.</summary>
public sealed class BrokerFaults
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _back = Open();
    private TaskCompletionSource _gone = Open();
    private bool _isAway;

    public BrokerFaults() => _back.SetResult();

    /// <summary>The sidecar says 204, and nobody ever sees the event: as when the broker refuses it and the component does not look.</summary>
    public bool SwallowsPublishes { get; set; }

    /// <summary>Every event is delivered twice.</summary>
    public bool DeliversTwice { get; set; }

    /// <summary>How long each publish takes.</summary>
    public TimeSpan PublishDelay { get; set; }

    /// <summary>Whether the broker cannot be reached. What was delivered and not settled comes again when it is back.</summary>
    public bool IsAway
    {
        get => _isAway;
        set
        {
            lock (_lock)
            {
                if (_isAway == value)
                {
                    return;
                }

                _isAway = value;
                if (value)
                {
                    _back = Open();
                    _gone.SetResult();
                }
                else
                {
                    _gone = Open();
                    _back.SetResult();
                }
            }
        }
    }

    internal Task BackAsync(CancellationToken cancellationToken) => _back.Task.WaitAsync(cancellationToken);

    internal Task GoneAsync(CancellationToken cancellationToken) => _gone.Task.WaitAsync(cancellationToken);

    private static TaskCompletionSource Open() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>A secret store: names, and for each one or more pairs.</summary>
public sealed record SecretStore
{
    public required string Name { get; init; }

    /// <summary>A store of single values answers a name with the pair of that name; a multi-valued one, such as Kubernetes, with all pairs of it.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Secrets { get; init; }

    /// <summary>Names that the app may not read.</summary>
    public IReadOnlySet<string> Denied { get; init; } = new HashSet<string>();

    /// <summary>A store of single values.</summary>
    public static SecretStore Of(string name, IReadOnlyDictionary<string, string> values) => new()
    {
        Name = name,
        Secrets = values.ToDictionary(pair => pair.Key, pair => (IReadOnlyDictionary<string, string>)new Dictionary<string, string> { [pair.Key] = pair.Value }),
    };
}
