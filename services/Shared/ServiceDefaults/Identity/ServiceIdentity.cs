namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>The token that this process shows to other processes of the system.</summary>
internal sealed class ServiceIdentity
{
    private static readonly TimeSpan DevelopmentLifetime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan FileLifetime = TimeSpan.FromMinutes(1);

    private readonly Func<string> _obtain;
    private readonly TimeSpan _keep;
    private readonly TimeProvider _time;
    private volatile Held? _held;

    private ServiceIdentity(Func<string> obtain, TimeSpan keep, TimeProvider time) => (_obtain, _keep, _time) = (obtain, keep, time);

    /// <summary>Signs its own tokens, renewed at half of their life.</summary>
    public static ServiceIdentity Development(string appId, DevelopmentIssuer issuer, TimeProvider time) =>
        new(() => issuer.Sign(Caller.OfService(appId), DevelopmentLifetime), DevelopmentLifetime / 2, time);

    /// <summary>Reads a file that the platform keeps fresh.</summary>
    public static ServiceIdentity OfFile(string file, TimeProvider time) => new(() => File.ReadAllText(file).Trim(), FileLifetime, time);

    /// <summary>A token that is valid now.</summary>
    public string Token()
    {
        var now = _time.GetUtcNow();
        if (_held is { } held && now < held.RenewAt)
        {
            return held.Token;
        }

        // Several calls at once may obtain one each; all are valid.
        var token = _obtain();
        _held = new Held(token, now + _keep);
        return token;
    }

    private sealed record Held(string Token, DateTimeOffset RenewAt);
}
