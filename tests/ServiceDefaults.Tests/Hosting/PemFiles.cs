using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CustomerInsights.ServiceDefaults.Tests.Hosting;

/// <summary>A certificate and its key in files of a folder of its own, as a platform would mount them.</summary>
internal sealed class PemFiles : IDisposable
{
    private static readonly TimeSpan Age = TimeSpan.FromDays(2);
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("pem").FullName;

    public string Path => System.IO.Path.Combine(_folder, "tls.crt");

    public string KeyPath => System.IO.Path.Combine(_folder, "tls.key");

    public Dictionary<string, string?> Settings => new() { ["Listen:Certificate:Path"] = Path, ["Listen:Certificate:KeyPath"] = KeyPath };

    /// <summary>Writes a new certificate for loopback, by this name and by number; returns its thumbprint.</summary>
    public string Write(TimeSpan? lifetime = null, string name = "localhost")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = ForLoopback(key, name).CreateSelfSigned(now - Age, now + (lifetime ?? Lifetime));
        File.WriteAllText(Path, certificate.ExportCertificatePem());
        File.WriteAllText(KeyPath, key.ExportPkcs8PrivateKeyPem());
        return certificate.Thumbprint;
    }

    /// <summary>Writes a new certificate together with the one of its issuer, which is no root; returns the issuer's thumbprint.</summary>
    public string WriteWithIssuer()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var root = Authority("CN=root", rootKey).CreateSelfSigned(now - Age, now + Lifetime);
        using var issuer = Authority("CN=issuer", issuerKey).Create(root, now - Age, now + Lifetime, [1]);
        using var signing = issuer.CopyWithPrivateKey(issuerKey);
        using var certificate = ForLoopback(key, "localhost").Create(signing, now - Age, now + Lifetime, [2]);
        File.WriteAllText(Path, $"{certificate.ExportCertificatePem()}\n{issuer.ExportCertificatePem()}\n");
        File.WriteAllText(KeyPath, key.ExportPkcs8PrivateKeyPem());
        return issuer.Thumbprint;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static CertificateRequest ForLoopback(ECDsa key, string name)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request;
    }

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }
}
