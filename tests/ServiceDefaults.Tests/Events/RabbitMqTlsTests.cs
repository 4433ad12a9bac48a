using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CustomerInsights.ServiceDefaults.Events.Transports;
using CustomerInsights.ServiceDefaults.Tests.Hosting;
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
        using var files = new PemFiles();
        files.Write(name: name);
        using var certificate = X509Certificate2.CreateFromPemFile(files.Path, files.KeyPath);
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
}
