using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CustomerInsights.Connections.Tests.Protecting;

/// <summary>Self-signed certificates in a folder that goes when the test ends.</summary>
internal sealed class Certificates : IDisposable
{
    public const string Password = "not a real password";
    private const int Long = 200;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("certificates");

    public string PasswordFile => Write("password.txt", Password + "\n");

    /// <summary>A PKCS #12 file with its private key.</summary>
    public string Pfx(string name)
    {
        using var certificate = Make(name);
        var path = Path.Combine(_folder.FullName, name + ".pfx");
        File.WriteAllBytes(path, certificate.Export(X509ContentType.Pfx, Password));
        return path;
    }

    /// <summary>PEM files: certificate and private key.</summary>
    /// <param name="years">From 1970 on that it is valid.</param>
    public (string Certificate, string Key) Pem(string name, int years = Long)
    {
        using var certificate = Make(name, years);
        using var key = certificate.GetRSAPrivateKey();
        return (Write(name + ".crt", certificate.ExportCertificatePem()), Write(name + ".key", key!.ExportPkcs8PrivateKeyPem()));
    }

    public string Write(string file, string text)
    {
        var path = Path.Combine(_folder.FullName, file);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static X509Certificate2 Make(string name, int years = Long)
    {
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(years));
    }
}
