using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CustomerInsights.ServiceDefaults.Tests.Hosting;

/// <summary>A certificate and its key in files of a folder of its own, as a platform would mount them.</summary>
internal sealed class PemFiles : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pem").FullName;

    public string Path => System.IO.Path.Combine(_folder, "tls.crt");

    public string KeyPath => System.IO.Path.Combine(_folder, "tls.key");

    public Dictionary<string, string?> Settings => new() { ["Listen:Certificate:Path"] = Path, ["Listen:Certificate:KeyPath"] = KeyPath };

    /// <summary>Writes a new certificate for loopback; returns its thumbprint.</summary>
    public string Write(TimeSpan? lifetime = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Make(key, lifetime ?? TimeSpan.FromDays(1));
        File.WriteAllText(Path, certificate.ExportCertificatePem());
        File.WriteAllText(KeyPath, key.ExportPkcs8PrivateKeyPem());
        return certificate.Thumbprint;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static X509Certificate2 Make(ECDsa key, TimeSpan lifetime)
    {
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now - TimeSpan.FromDays(2), now + lifetime);
    }
}
