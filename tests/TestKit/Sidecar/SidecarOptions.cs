using Grpc.Core;

namespace CustomerInsights.TestKit.Sidecar;

/// <summary>How one sidecar of one app runs. All but the app id has defaults.</summary>
public sealed record SidecarOptions
{
    public const int DefaultMaxBodyBytes = 4 * 1024 * 1024;

    public required string AppId { get; init; }

    /// <summary>Where sidecars find each other's apps, and where the messages of in-memory components are.</summary>
    public SidecarNetwork Network { get; init; } = new();

    /// <summary>Where the app serves gRPC, perhaps later; null for an app that only calls.</summary>
    public Uri? AppAddress { get; init; }

    /// <summary>What the app has to present to its sidecar (DAPR_API_TOKEN); null for nothing.</summary>
    public string? ApiToken { get; init; }

    /// <summary>What the sidecar presents to the app (APP_API_TOKEN); null for nothing.</summary>
    public string? AppToken { get; init; }

    public IReadOnlyList<SidecarComponent> Components { get; init; } = [];

    public IReadOnlyList<SecretStore> SecretStores { get; init; } = [];

    /// <summary>Subscriptions declared beside the app. Those that the app lists come on top.</summary>
    public IReadOnlyList<SidecarSubscription> Subscriptions { get; init; } = [];

    /// <summary>Resiliency of deliveries; null for none: the first failure is the last.</summary>
    public ResiliencyPolicy? Inbound { get; init; }

    /// <summary>Resiliency of calls, by the app id that is called.</summary>
    public IReadOnlyDictionary<string, ResiliencyPolicy> Calls { get; init; } = new Dictionary<string, ResiliencyPolicy>();

    /// <summary>Null for none: the app counts as healthy from when its port answers.</summary>
    public AppHealthCheck? AppHealth { get; init; }

    public int MaxBodyBytes { get; init; } = DefaultMaxBodyBytes;

    /// <summary>How long deliveries under way may take when the sidecar stops.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>0 for a port that the system chooses. A sidecar that comes back needs the ports that it had.</summary>
    public int HttpPort { get; init; }

    public int GrpcPort { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>How the app is asked whether it is well. It counts as ill until it has said so once.</summary>
public sealed record AppHealthCheck
{
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Failures in a row that make it ill.</summary>
    public int Threshold { get; init; } = 3;
}

/// <summary>A subscription, declared or listed.</summary>
public sealed record SidecarSubscription
{
    public required string PubSub { get; init; }

    public required string Topic { get; init; }

    /// <summary>Tried in order. An event that none takes is dropped.</summary>
    public IReadOnlyList<SidecarRoute> Routes { get; init; } = [new("", "")];

    public string DeadLetterTopic { get; init; } = "";

    /// <summary>For the component, such as "queueType"; and "rawPayload".</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

/// <summary>Where events go.</summary>
/// <param name="Match">Empty for all; else of the form <c>event.type == "some.type"</c>, the one kind of expression that the stand-in knows.</param>
/// <param name="Path">Handed to the app with the event.</param>
public sealed record SidecarRoute(string Match, string Path);

/// <summary>What is done about failures.</summary>
public sealed record ResiliencyPolicy
{
    /// <summary>Of one attempt; null for none.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Null for none.</summary>
    public RetryPolicy? Retry { get; init; }
}

/// <summary>When a failure is tried again.</summary>
public sealed record RetryPolicy
{
    public const int Forever = -1;

    private const double Growth = 1.5;
    private static readonly TimeSpan ExponentialStart = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether the time between attempts grows, from half a second by half each time, whatever <see cref="Duration"/> says.</summary>
    public bool IsExponential { get; init; }

    /// <summary>Between attempts of a constant policy.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan MaxInterval { get; init; } = TimeSpan.FromSeconds(60);

    public int MaxRetries { get; init; } = Forever;

    /// <summary>Codes that are worth another attempt; empty for every one.</summary>
    public IReadOnlyList<StatusCode> GrpcStatusCodes { get; init; } = [];

    /// <summary>What has no code is always worth another attempt.</summary>
    public bool Matches(StatusCode? code) => GrpcStatusCodes.Count == 0 || code is null || GrpcStatusCodes.Contains(code.Value);

    /// <summary>Time before the first retry, the second and so on.</summary>
    public TimeSpan Before(int retry)
    {
        var grown = ExponentialStart * Math.Pow(Growth, Math.Min(retry - 1, 64));
        return !IsExponential ? Duration : grown < MaxInterval ? grown : MaxInterval;
    }
}
