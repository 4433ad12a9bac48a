using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CustomerInsights.Conformance.Peers;

/// <summary>A certificate for 127.0.0.1, made for one test and trusted by whoever is told to.</summary>
internal sealed class Certificate : IDisposable
{
    private readonly X509Certificate2 _ephemeral;

    public Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=conformance.test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        _ephemeral = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        KeyPem = key.ExportPkcs8PrivateKeyPem();
    }

    public X509Certificate2 ForServer => _ephemeral;

    public string Pem => _ephemeral.ExportCertificatePem();

    public string KeyPem { get; }

    /// <summary>Trusts this certificate and no other.</summary>
    public X509ChainPolicy Policy => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { _ephemeral },
        RevocationMode = X509RevocationMode.NoCheck,
    };

    public void Dispose() => _ephemeral.Dispose();
}
