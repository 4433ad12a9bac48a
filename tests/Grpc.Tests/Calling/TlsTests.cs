using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.Rpc.Tests.Calling;

/// <summary>Calls over TLS, with HTTP/2 by ALPN.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class TlsTests
{
    private const string ServerName = "segments.test";

    [Test]
    public async Task A_trusted_server_is_called(CancellationToken cancellationToken)
    {
        await using var server = await StartAsync();
        using var channel = GrpcChannel.ForAddress($"https://127.0.0.1:{PortOf(server)}", Options(server, (_, _) => true));

        Assert.That(await CallAsync(channel, cancellationToken), Is.EqualTo("HTTP/2 over TLS"));
    }

    [Test]
    public async Task An_untrusted_server_is_unavailable_and_the_status_says_why(CancellationToken cancellationToken)
    {
        await using var server = await StartAsync();
        using var channel = GrpcChannel.ForAddress($"https://127.0.0.1:{PortOf(server)}");

        var failure = await Expect.FailureAsync(() => CallAsync(channel, cancellationToken));

        Assert.That(failure.StatusCode, Is.EqualTo(StatusCode.Unavailable));
        Assert.That(failure.Status.Detail, Does.Contain("SecureConnectionError"));
    }

    [TestCase(ServerName, true)]
    [TestCase("other.test", false)]
    public async Task Behind_a_name_the_certificate_must_be_for_the_name(string name, bool isTrusted, CancellationToken cancellationToken)
    {
        await using var server = await StartAsync();
        var options = Options(server, (_, errors) => (errors & SslPolicyErrors.RemoteCertificateNameMismatch) == 0);
        options.Credentials = ChannelCredentials.SecureSsl;
        using var channel = GrpcChannel.ForAddress($"dns:///{name}:443", options);

        var call = () => CallAsync(channel, cancellationToken);

        Assert.That(isTrusted ? await call() : (await Expect.StatusAsync(call)).ToString(), Is.EqualTo(isTrusted ? "HTTP/2 over TLS" : "Unavailable"));
    }

    private static async Task<string> CallAsync(GrpcChannel channel, CancellationToken cancellationToken) =>
        (await new TestService.TestServiceClient(channel).UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken)).Payload.Body.ToStringUtf8();

    private static GrpcChannelOptions Options(WebApplication server, Func<X509Certificate?, SslPolicyErrors, bool> isTrusted) => new()
    {
        HttpHandler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, errors) => isTrusted(certificate, errors) } },
        DisposeHttpClient = true,
        ResolveAsync = (_, _) => Task.FromResult<IReadOnlyList<IPEndPoint>>([new IPEndPoint(IPAddress.Loopback, PortOf(server))]),
    };

    private static int PortOf(WebApplication server) => new Uri(server.Urls.Single()).Port;

    private static async Task<WebApplication> StartAsync()
    {
        var certificate = SelfSigned();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(certificate);
        }));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(certificate).AddSingleton(new Script
        {
            Unary = (_, context) => Task.FromResult(new SimpleResponse
            {
                Payload = new Payload { Body = ByteString.CopyFromUtf8($"{context.GetHttpContext().Request.Protocol} over {(context.GetHttpContext().Request.IsHttps ? "TLS" : "TCP")}") },
            }),
        });
        var server = builder.Build();
        server.MapGrpcService<ScriptedService>();
        await server.StartAsync();
        return server;
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={ServerName}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(ServerName);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
