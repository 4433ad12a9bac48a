using Grpc.Net.Client.Configuration;

namespace CustomerInsights.Rpc.Calling;

/// <summary>Finds everything that is wrong with a service config.</summary>
internal static class ServiceConfigCheck
{
    public static IReadOnlyList<string> ErrorsOf(ServiceConfig config) =>
    [
        .. config.MethodConfigs.SelectMany(method => method?.Names ?? []).OfType<MethodName>().CountBy(RetryPolicies.KeyOf).Where(name => name.Value > 1)
            .Select(name => $"The method '{name.Key.Service}/{name.Key.Method}' is configured twice."),
        .. config.MethodConfigs.SelectMany((method, index) => ErrorsOf(method).Select(error => $"MethodConfigs[{index}].{error}")),
        .. Errors(
            (config.RetryThrottling is { MaxTokens: not (>= 1 and <= 1000) }, "RetryThrottling.MaxTokens must be 1 to 1000."),
            (config.RetryThrottling is { TokenRatio: not >= 0.001 }, "RetryThrottling.TokenRatio must be at least 0.001.")),
    ];

    private static IEnumerable<string> ErrorsOf(MethodConfig? method)
    {
        var policy = method?.RetryPolicy;
        return method is null ? ["The config must not be null."] : Errors(
            (method.Names.Count == 0, "Names must not be empty."),
            (method.Names.Any(name => name is null), "Names must not have null."),
            (method.Names.Any(name => name is { Service: null or "", Method: not (null or "") }), "Names has a method without a service."),
            (policy is { MaxAttempts: not >= 2 }, "RetryPolicy.MaxAttempts must be at least 2."),
            (policy is not null && !(policy.InitialBackoff > TimeSpan.Zero), "RetryPolicy.InitialBackoff must be above zero."),
            (policy is not null && !(policy.MaxBackoff > TimeSpan.Zero), "RetryPolicy.MaxBackoff must be above zero."),
            (policy is { BackoffMultiplier: not > 0 }, "RetryPolicy.BackoffMultiplier must be above zero."),
            (policy is { RetryableStatusCodes.Count: 0 }, "RetryPolicy.RetryableStatusCodes must not be empty."),
            (policy?.RetryableStatusCodes.Contains(StatusCode.OK) is true, "RetryPolicy.RetryableStatusCodes must not contain OK."));
    }

    private static IEnumerable<string> Errors(params (bool IsWrong, string Error)[] checks) => checks.Where(check => check.IsWrong).Select(check => check.Error);
}
