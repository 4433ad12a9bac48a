namespace Grpc.Net.Client.Configuration;

/// <summary>How a channel treats the calls of certain methods.</summary>
public sealed class ServiceConfig
{
    public IList<MethodConfig> MethodConfigs { get; } = [];

    /// <summary>Stops retries while most calls fail; null for never.</summary>
    public RetryThrottlingPolicy? RetryThrottling { get; set; }
}

/// <summary>Which methods share a policy.</summary>
public sealed class MethodConfig
{
    public IList<MethodName> Names { get; } = [];

    public RetryPolicy? RetryPolicy { get; set; }
}

/// <summary>A method, a service if the method is empty, or everything if both are. The most exact name counts.</summary>
public sealed class MethodName
{
    public static readonly MethodName Default = new();

    /// <summary>Such as "package.Service".</summary>
    public string? Service { get; init; }

    public string? Method { get; init; }
}

/// <summary>When a failed call is tried again. All of it must be given.</summary>
public sealed class RetryPolicy
{
    /// <summary>Attempts including the first, at least 2; more than <see cref="GrpcChannelOptions.MaxRetryAttempts"/> are not made.</summary>
    public int? MaxAttempts { get; set; }

    /// <summary>Time before the second attempt, up to a fifth more or less.</summary>
    public TimeSpan? InitialBackoff { get; set; }

    public TimeSpan? MaxBackoff { get; set; }

    public double? BackoffMultiplier { get; set; }

    public IList<StatusCode> RetryableStatusCodes { get; } = [];
}

/// <summary>Each failure takes a token, each success gives some back; retries stop while half of the tokens or more are gone.</summary>
public sealed class RetryThrottlingPolicy
{
    /// <summary>1 to 1,000.</summary>
    public int? MaxTokens { get; set; }

    /// <summary>What a success gives back, above 0; digits after the third are ignored.</summary>
    public double? TokenRatio { get; set; }
}
