using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests.Interop;

/// <summary>The interoperability cases between our client and our server; tests/Conformance has them with other peers.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class InteropTests
{
    private TestServer _server = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _server = await TestServer.StartAsync(InteropService.Map, options => options.ResponseCompressionAlgorithm = "gzip");

    [OneTimeTearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [TestCaseSource(typeof(OurClient), nameof(OurClient.CaseNames)), CancelAfter(10_000)]
    public async Task Passes(string caseName, CancellationToken cancellationToken)
    {
        using var client = new OurClient(_server.Address);

        await client.RunAsync(caseName, cancellationToken);
    }

    [Test]
    public void Large_unary_blocking() => Assert.That(
        new TestService.TestServiceClient(_server.Channel).UnaryCall(new SimpleRequest { ResponseSize = 314159 }).Payload.Body, Has.Length.EqualTo(314159));
}
