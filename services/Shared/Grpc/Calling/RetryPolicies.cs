using Grpc.Net.Client.Configuration;

namespace CustomerInsights.Rpc.Calling;

/// <summary>The retry policies of a channel by method, and the tokens that all its calls share.</summary>
internal sealed class RetryPolicies
{
    private const int TokenUnit = 1000;

    private readonly Dictionary<(string Service, string Method), RetryPolicy?> _policies;
    private readonly Lock _gate = new();
    private readonly int _maxTokens;
    private readonly int _tokenRatio;
    private int _tokens;

    /// <exception cref="ArgumentException">The config has errors; the message has all of them.</exception>
    public RetryPolicies(ServiceConfig config)
    {
        if (ServiceConfigCheck.ErrorsOf(config) is { Count: > 0 } errors)
        {
            throw new ArgumentException(string.Join(' ', errors), nameof(config));
        }

        _policies = config.MethodConfigs.SelectMany(method => method.Names.Select(name => KeyValuePair.Create(KeyOf(name), method.RetryPolicy))).ToDictionary();
        _tokens = _maxTokens = (config.RetryThrottling?.MaxTokens ?? 0) * TokenUnit;
        _tokenRatio = (int)Math.Min((config.RetryThrottling?.TokenRatio ?? 0) * TokenUnit, _maxTokens);
    }

    public static (string Service, string Method) KeyOf(MethodName name) => (name.Service ?? "", name.Method ?? "");

    public RetryPolicy? Of(IMethod method) =>
        _policies.TryGetValue((method.ServiceName, method.Name), out var policy) || _policies.TryGetValue((method.ServiceName, ""), out policy)
            ? policy
            : _policies.GetValueOrDefault(("", ""));

    public void CountSuccess()
    {
        lock (_gate)
        {
            _tokens = Math.Min(_tokens + _tokenRatio, _maxTokens);
        }
    }

    /// <returns>Whether enough calls succeed to try this one again.</returns>
    public bool CountFailure()
    {
        lock (_gate)
        {
            _tokens = Math.Max(_tokens - TokenUnit, 0);
            return _maxTokens == 0 || _tokens > _maxTokens / 2;
        }
    }
}
