using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Connections.Protecting;

/// <summary>The certificates that encrypt and decrypt the keys at rest, read from files once.</summary>
internal sealed class KeyCertificates(IOptions<ConnectionsOptions> options) : IDisposable
{
    private readonly Lazy<X509Certificate2?> _current = new(() => Load(options.Value.KeyProtection));
    private readonly Lazy<IReadOnlyList<X509Certificate2>> _previous = new(() =>
        [.. options.Value.KeyProtection.Previous.Select(p => Load(p.CertificatePath, p.KeyPath, p.PasswordFile)).OfType<X509Certificate2>()]);

    /// <summary>Encrypts new keys; null when they are stored in clear.</summary>
    public X509Certificate2? Current => _current.Value;

    /// <summary>All that may decrypt.</summary>
    public IEnumerable<X509Certificate2> All => _current.Value is { } current ? _previous.Value.Prepend(current) : _previous.Value;

    /// <summary>What is wrong with the configured files; empty when all can be used.</summary>
    public static IEnumerable<string> FindProblems(KeyProtectionOptions options)
    {
        var section = KeyProtectionOptions.Section;
        var files = options.Previous.Select((p, i) => ($"{section}:Previous:{i}", p.CertificatePath, p.KeyPath, p.PasswordFile))
            .Prepend((section, options.CertificatePath, options.KeyPath, options.PasswordFile));
        return files.Select(f => FindProblem(f.Item1, f.CertificatePath, f.KeyPath, f.PasswordFile)).OfType<string>();
    }

    public void Dispose()
    {
        foreach (var certificate in All)
        {
            certificate.Dispose();
        }
    }

    private static string? FindProblem(string section, string? certificate, string? key, string? passwordFile)
    {
        try
        {
            using var loaded = Load(certificate, key, passwordFile);
            return loaded is null || loaded.GetRSAPrivateKey() is not null ? null
                : $"{section}:CertificatePath must be an RSA certificate with its private key (in the same file, or in KeyPath).";
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"{section}: the certificate cannot be read ({unreadable.GetType().Name}); check CertificatePath, KeyPath and PasswordFile.";
        }
    }

    private static X509Certificate2? Load(KeyProtectionOptions options) => Load(options.CertificatePath, options.KeyPath, options.PasswordFile);

    private static X509Certificate2? Load(string? certificate, string? key, string? passwordFile)
    {
        if (string.IsNullOrEmpty(certificate))
        {
            return null;
        }

        if (File.ReadAllText(certificate).Contains("-----BEGIN", StringComparison.Ordinal))
        {
            return X509Certificate2.CreateFromPemFile(certificate, string.IsNullOrEmpty(key) ? null : key);
        }

        var password = string.IsNullOrEmpty(passwordFile) ? null : File.ReadAllText(passwordFile).TrimEnd('\r', '\n');
        return X509CertificateLoader.LoadPkcs12FromFile(certificate, password, X509KeyStorageFlags.EphemeralKeySet);
    }
}
