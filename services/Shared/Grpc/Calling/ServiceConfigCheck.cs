using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace CustomerInsights.Rpc.Calling;

/// <summary>Finds everything that is wrong with a service config.</summary>
internal static class ServiceConfigCheck
{
    public static IEnumerable<string> ErrorsOf(ServiceConfig config)
    {
        foreach (var repeated in config.MethodConfigs.SelectMany(method => method.Names).GroupBy(RetryPolicies.KeyOf).Where(names => names.Count() > 1))
        {
            yield return $"The method '{repeated.Key.Service}/{repeated.Key.Method}' is configured twice.";
        }

        foreach (var method in config.MethodConfigs)
        {
            var at = $"MethodConfigs[{config.MethodConfigs.IndexOf(method)}]";
            foreach (var error in ErrorsOf(method))
            {
                yield return $"{at}.{error}";
            }
        }

        if (config.RetryThrottling is { MaxTokens: not (>= 1 and <= 1000) })
        {
            yield return "RetryThrottling.MaxTokens must be 1 to 1000.";
        }

        if (config.RetryThrottling is { TokenRatio: not >= 0.001 })
        {
            yield return "RetryThrottling.TokenRatio must be at least 0.001.";
        }
    }

    private static IEnumerable<string> ErrorsOf(MethodConfig method)
    {
        var policy = method.RetryPolicy;
        (bool IsWrong, string Error)[] checks =
        [
            (method.Names.Count == 0, "Names must not be empty."),
            (method.Names.Any(name => name is { Service: null or "", Method: not (null or "") }), "Names has a method without a service."),
            (policy is { MaxAttempts: not >= 2 }, "RetryPolicy.MaxAttempts must be at least 2."),
            (policy is not null && !(policy.InitialBackoff > TimeSpan.Zero), "RetryPolicy.InitialBackoff must be above zero."),
            (policy is not null && !(policy.MaxBackoff > TimeSpan.Zero), "RetryPolicy.MaxBackoff must be above zero."),
            (policy is { BackoffMultiplier: not > 0 }, "RetryPolicy.BackoffMultiplier must be above zero."),
            (policy is { RetryableStatusCodes.Count: 0 }, "RetryPolicy.RetryableStatusCodes must not be empty."),
            (policy?.RetryableStatusCodes.Contains(StatusCode.OK) is true, "RetryPolicy.RetryableStatusCodes must not contain OK."),
        ];
        return checks.Where(check => check.IsWrong).Select(check => check.Error);
    }
}
