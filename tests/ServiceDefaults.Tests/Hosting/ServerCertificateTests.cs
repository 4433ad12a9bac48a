using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.TestKit.Hosting;
using Grpc.Core;
using Grpc.Net.Client;

namespace CustomerInsights.ServiceDefaults.Tests.Hosting;

/// <summary>TLS on the ports of a process, with certificates made here.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(60_000)]
public sealed class ServerCertificateTests
{
    private const string Schema = "environments/contoso/profileSchema";

    [Test]
    public async Task Both_ports_speak_TLS_and_services_of_the_process_still_meet(CancellationToken cancellationToken)
    {
        using var files = new PemFiles();
        var thumbprint = files.Write();
        await using var harness = await ServiceHarness.StartAsync([new ProbeApp(), new OtherApp()], new HarnessOptions { Settings = files.Settings }, cancellationToken);
        harness.Roles.Assign("contoso", "user:vera", Role.Viewer);
        using var channel = GrpcChannel.ForAddress(Secure(harness.GrpcAddress), new GrpcChannelOptions { HttpHandler = Trusting(thumbprint), DisposeHttpClient = true });
        using var http = new HttpClient(Trusting(thumbprint)) { BaseAddress = Secure(harness.HttpAddress) };
        var headers = new Metadata { { "authorization", $"Bearer {harness.TokenFor("user:vera")}" } };

        var schema = await new ProfileService.ProfileServiceClient(channel).GetProfileSchemaAsync(new GetProfileSchemaRequest { Name = Schema }, headers, cancellationToken: cancellationToken);
        using var members = new MembershipService.MembershipServiceClient(channel).StreamMembers(new StreamMembersRequest(), headers, cancellationToken: cancellationToken);

        Assert.That(schema.Name, Is.EqualTo(Schema));
        Assert.That(await members.ResponseStream.MoveNext(cancellationToken), Is.True, "exports asks segments within the process");
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            using var request = BrowserCalls.Request("/customerinsights.segments.v1.ProfileService/GetProfileSchema", new GetProfileSchemaRequest { Name = Schema }, harness.TokenFor("user:vera"));
            (request.Version, request.VersionPolicy) = (version, HttpVersionPolicy.RequestVersionExact);
            Assert.That((await BrowserCalls.SendAsync(http, request, cancellationToken)).Status, Is.EqualTo(StatusCode.OK), $"gRPC-Web over HTTP/{version}");
        }

        using var plain = new HttpClient();
        Assert.ThrowsAsync<HttpRequestException>(() => plain.GetAsync(new Uri($"{harness.HttpAddress}/healthz/live"), cancellationToken));
    }

    [Test]
    public async Task Files_that_change_are_read_again_for_new_connections(CancellationToken cancellationToken)
    {
        using var files = new PemFiles();
        var first = files.Write();
        await using var harness = await ServiceHarness.StartAsync(new ProbeApp(), new HarnessOptions { Settings = files.Settings }, cancellationToken);
        Assert.That(await ShownAsync(harness.GrpcAddress, cancellationToken), Is.EqualTo(first));

        await File.WriteAllTextAsync(files.KeyPath, "half a k", cancellationToken);
        Assert.That(await ShownAsync(harness.HttpAddress, cancellationToken), Is.EqualTo(first), "what cannot be used changes nothing");
        Assert.That(harness.Logs.Records.Select(record => record.Text), Has.One.Contains("The certificate before stays"));

        var second = files.Write();
        Assert.That(await ShownAsync(harness.GrpcAddress, cancellationToken), Is.EqualTo(second).And.Not.EqualTo(first));
        Assert.That(await ShownAsync(harness.HttpAddress, cancellationToken), Is.EqualTo(second));
    }

    [Test]
    public async Task Certificates_between_it_and_its_root_are_shown_too(CancellationToken cancellationToken)
    {
        using var files = new PemFiles();
        var issuer = files.WriteWithIssuer();
        await using var harness = await ServiceHarness.StartAsync(new ProbeApp(), new HarnessOptions { Settings = files.Settings }, cancellationToken);
        var sent = new List<string>();
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, chain, _) =>
        {
            sent.AddRange(chain!.ChainPolicy.ExtraStore.Select(certificate => certificate.Thumbprint));
            return sent.Contains(issuer);
        };
        using var http = new HttpClient(handler) { BaseAddress = Secure(harness.HttpAddress) };

        Assert.That(await http.GetStringAsync("/healthz/live", cancellationToken), Is.EqualTo("live\n"));
    }

    [Test]
    public void Certificate_that_cannot_be_used_is_refused_at_start()
    {
        using var files = new PemFiles();
        Refused(files.Settings, $"Listen:Certificate:Path: there is no file {files.Path}.", $"Listen:Certificate:KeyPath: there is no file {files.KeyPath}.");

        files.Write(TimeSpan.FromDays(-1));
        Refused(files.Settings, "Listen:Certificate:Path: the certificate expired at ");

        var key = File.ReadAllText(files.KeyPath);
        files.Write();
        Refused(new() { ["Listen:Certificate:Path"] = files.Path }, "Listen:Certificate:KeyPath must be set, too: TLS needs a certificate and its key.");
        Refused(new() { ["Listen:Certificate:KeyPath"] = files.KeyPath }, "Listen:Certificate:Path must be set, too: TLS needs a certificate and its key.");

        File.WriteAllText(files.KeyPath, key);
        Refused(files.Settings, "Listen:Certificate:Path and Listen:Certificate:KeyPath must be a certificate and its key, unencrypted, as PEM: ");

        File.WriteAllText(files.Path, "nothing");
        Refused(files.Settings, "Listen:Certificate:Path and Listen:Certificate:KeyPath must be a certificate and its key, unencrypted, as PEM: ");
    }

    private static void Refused(Dictionary<string, string?> settings, params string[] problems)
    {
        var refused = Assert.ThrowsAsync<StartRefusedException>(() => ServiceHarness.StartAsync(new ProbeApp(), new HarnessOptions { Settings = settings }))!;
        Assert.That(refused.Problems, Has.Count.EqualTo(problems.Length), refused.Message);
        Assert.That(refused.Problems.Zip(problems), Has.All.Matches<(string Told, string Expected)>(pair => pair.Told.StartsWith(pair.Expected, StringComparison.Ordinal)), refused.Message);
    }

    private static Uri Secure(string address) => new(address.Replace("http:", "https:", StringComparison.Ordinal));

    private static SocketsHttpHandler Trusting(string thumbprint) => new()
    {
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == thumbprint },
    };

    /// <summary>The thumbprint of the certificate that a new connection gets.</summary>
    private static async Task<string> ShownAsync(string address, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, new Uri(address).Port, cancellationToken);
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost", RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null, ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            },
            cancellationToken);
        Assert.That(tls.NegotiatedApplicationProtocol, Is.EqualTo(SslApplicationProtocol.Http2));
        return tls.RemoteCertificate!.GetCertHashString();
    }
}
