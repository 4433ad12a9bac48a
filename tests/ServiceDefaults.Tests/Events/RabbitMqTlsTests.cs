using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CustomerInsights.ServiceDefaults.Events.Transports;
using Microsoft.Extensions.Logging.Abstractions;

namespace CustomerInsights.ServiceDefaults.Tests.Events;

/// <summary>Whoever pretends to be the broker gets neither the password nor an event.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class RabbitMqTlsTests
{
    [TestCase("localhost")]
    [TestCase("somebody.test")]
    public async Task Certificate_that_nobody_vouches_for_ends_the_connection_before_anything_is_said(string name)
    {
        var cancellationToken = TestContext.CurrentContext.CancellationToken;
        using var certificate = SelfSigned(name);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = new Uri($"amqps://guest:canary@localhost:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        await using var transport = new RabbitMqTransport(address, [], TimeProvider.System, new Random(1), NullLoggerFactory.Instance);
        await transport.StartAsync(cancellationToken);

        Assert.That(await HearAsync(listener, certificate, cancellationToken), Is.Empty);
        Assert.That(transport.IsReady, Is.False);
    }

    private static async Task<string> HearAsync(TcpListener listener, X509Certificate2 certificate, CancellationToken cancellationToken)
    {
        using var client = await listener.AcceptTcpClientAsync(cancellationToken);
        await using var stream = new SslStream(client.GetStream());
        var heard = new byte[64];
        try
        {
            await stream.AuthenticateAsServerAsync(certificate, clientCertificateRequired: false, SslProtocols.None, checkCertificateRevocation: false).WaitAsync(cancellationToken);
            return Encoding.ASCII.GetString(heard, 0, await stream.ReadAsync(heard, cancellationToken));
        }
        catch (Exception refused) when (refused is IOException or AuthenticationException)
        {
            return "";
        }
    }

    private static X509Certificate2 SelfSigned(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var ephemeral = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), null);
    }
}
