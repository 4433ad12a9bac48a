namespace CustomerInsights.Connections.Protecting;

/// <summary>Says at start what an operator should know about the keys: that they lie in clear, or that some cannot be opened.</summary>
internal sealed partial class AnnounceKeyProtection(KeyRing ring, KeyCertificates certificates, ILogger<AnnounceKeyProtection> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (certificates.Current is null)
        {
            Log.InClear(logger);
        }

        var keys = await ring.ReadAllAsync(cancellationToken);
        if (keys.Count(key => key.Encryptor is null) is > 0 and var closed)
        {
            Log.Closed(logger, closed, keys.Count);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The keys of all credentials are stored in clear beside them: Connections:KeyProtection:CertificatePath is not set. For development only.")]
        public static partial void InClear(ILogger logger);

        [LoggerMessage(2, LogLevel.Error, "{Closed} of {All} keys cannot be decrypted by the certificates of Connections:KeyProtection; connections that need them will ask for attention.")]
        public static partial void Closed(ILogger logger, int closed, int all);
    }
}
