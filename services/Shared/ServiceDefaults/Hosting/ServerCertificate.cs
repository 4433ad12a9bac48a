using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>
/// The certificate that a process shows on its ports. Its files are read again when they change, for new connections; until
/// they hold a certificate and its key, the one before stays.
/// </summary>
internal sealed partial class ServerCertificate
{
    private const string PathKey = "Listen:Certificate:Path";
    private const string KeyPathKey = "Listen:Certificate:KeyPath";

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly string _keyPath;
    private (DateTime Certificate, DateTime Key) _read;
    private SslStreamCertificateContext _current;

    private ServerCertificate(string path, string keyPath)
    {
        (_path, _keyPath) = (path, keyPath);
        _read = WrittenAt();
        _current = Read();
    }

    /// <summary>Reads the settings; null when there are none, or when what is wrong with them was added to the problems.</summary>
    public static ServerCertificate? Of(IConfiguration configuration, List<string> problems)
    {
        var (path, keyPath) = (configuration[PathKey], configuration[KeyPathKey]);
        if (string.IsNullOrEmpty(path) && string.IsNullOrEmpty(keyPath))
        {
            return null;
        }

        var before = problems.Count;
        CheckFile(PathKey, path, problems);
        CheckFile(KeyPathKey, keyPath, problems);
        return problems.Count == before ? Open(path!, keyPath!, problems) : null;
    }

    /// <summary>The certificate for a connection that begins now, with the certificates between it and its root.</summary>
    public SslStreamCertificateContext Current(ILogger logger)
    {
        lock (_gate)
        {
            var written = WrittenAt();
            if (written != _read)
            {
                // Once for each change: files that are being replaced change again.
                _read = written;
                Renew(logger);
            }

            return _current;
        }
    }

    private static void CheckFile(string key, string? path, List<string> problems)
    {
        if (!File.Exists(path))
        {
            problems.Add(string.IsNullOrEmpty(path) ? $"{key} must be set, too: TLS needs a certificate and its key." : $"{key}: there is no file {path}.");
        }
    }

    private static ServerCertificate? Open(string path, string keyPath, List<string> problems)
    {
        try
        {
            var certificate = new ServerCertificate(path, keyPath);
            var end = certificate._current.TargetCertificate.NotAfter.ToUniversalTime();
            if (end > TimeProvider.System.GetUtcNow().UtcDateTime)
            {
                return certificate;
            }

            problems.Add($"{PathKey}: the certificate expired at {end:u}.");
        }
        catch (Exception exception) when (IsUnusable(exception))
        {
            problems.Add($"{PathKey} and {KeyPathKey} must be a certificate and its key, unencrypted, as PEM: {exception.Message}");
        }

        return null;
    }

    private static bool IsUnusable(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    private void Renew(ILogger logger)
    {
        try
        {
            _current = Read();
            Log.Renewed(logger, _current.TargetCertificate.NotAfter.ToUniversalTime());
        }
        catch (Exception exception) when (IsUnusable(exception))
        {
            Log.NotRenewed(logger, _path, exception.Message);
        }
    }

    private SslStreamCertificateContext Read()
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_path);
        return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(_path, _keyPath), chain, offline: true);
    }

    private (DateTime Certificate, DateTime Key) WrittenAt() => (File.GetLastWriteTimeUtc(_path), File.GetLastWriteTimeUtc(_keyPath));

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "New connections get the new certificate, valid until {End}")]
        public static partial void Renewed(ILogger logger, DateTime end);

        [LoggerMessage(2, LogLevel.Warning, "The certificate before stays: the files at {Path} changed, but cannot be used: {Reason}")]
        public static partial void NotRenewed(ILogger logger, string path, string reason);
    }
}
