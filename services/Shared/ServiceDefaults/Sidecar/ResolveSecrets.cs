using CustomerInsights.ServiceDefaults.Hosting;
using Microsoft.Extensions.Configuration;

namespace CustomerInsights.ServiceDefaults.Sidecar;

/// <summary>
/// Replaces settings such as "dapr-secret:kubernetes/segments-database/connectionString" (store, secret, key; the key may be left
/// out when the secret has one value) by what the sidecar's secret store has: https://docs.dapr.io/reference/api/secrets_api/.
/// </summary>
internal static class ResolveSecrets
{
    public const string Prefix = "dapr-secret:";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromSeconds(1);

    /// <summary>The configuration with secrets in place of references; as it is when it refers to none.</summary>
    /// <exception cref="StartRefusedException">A reference leads nowhere, or the sidecar isn't there within a minute.</exception>
    public static async Task<IConfiguration> RunAsync(IConfiguration configuration, TimeProvider time, CancellationToken cancellationToken)
    {
        var references = configuration.AsEnumerable().Where(setting => setting.Value?.StartsWith(Prefix, StringComparison.Ordinal) is true).ToList();
        if (references.Count == 0)
        {
            return configuration;
        }

        using var sidecar = new SidecarClient(SidecarOptions.Of(configuration));
        await WaitAsync(sidecar, time, cancellationToken);
        var (values, problems) = (new Dictionary<string, string?>(), new List<string>());
        foreach (var (setting, reference) in references)
        {
            try
            {
                values[setting] = await ReadAsync(sidecar, reference![Prefix.Length..], cancellationToken);
            }
            catch (Exception exception) when (exception is SidecarException or HttpRequestException or FormatException)
            {
                problems.Add($"{setting} refers to a secret that can't be read: {(exception is HttpRequestException ? "the sidecar doesn't answer." : exception.Message)}");
            }
        }

        return problems.Count == 0
            ? new ConfigurationBuilder().AddConfiguration(configuration).AddInMemoryCollection(values).Build()
            : throw new StartRefusedException(problems);
    }

    private static async Task WaitAsync(SidecarClient sidecar, TimeProvider time, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (!await sidecar.IsReadyAsync(cancellationToken))
        {
            if (time.GetElapsedTime(began) > Patience)
            {
                throw new StartRefusedException(["Settings refer to secrets of the Dapr sidecar, and it is not ready. Check DAPR_HTTP_PORT and the sidecar's log."]);
            }

            await Task.Delay(BetweenAttempts, time, cancellationToken);
        }
    }

    private static async Task<string> ReadAsync(SidecarClient sidecar, string reference, CancellationToken cancellationToken)
    {
        if (reference.Split('/') is not [{ Length: > 0 } store, { Length: > 0 } name, .. var keys] || keys.Length > 1)
        {
            throw new FormatException($"a reference looks like {Prefix}store/secret/key.");
        }

        var secret = await sidecar.GetSecretAsync(store, name, cancellationToken);
        return keys switch
        {
            [var key] when secret.TryGetValue(key, out var value) => value,
            [] when secret.Count == 1 => secret.Values.Single(),
            [] => throw new FormatException($"the secret has {secret.Count} values; add the key of one to the reference."),
            _ => throw new FormatException("the secret has no value of that key."),
        };
    }
}
