using CustomerInsights.TestKit.Sidecar;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Testing;

namespace CustomerInsights.Sidecar.Tests;

/// <summary>Tokens, secrets and metadata.</summary>
[Parallelizable]
internal sealed class SidecarApiTests
{
    private IRunningSidecar _sidecar = null!;
    private Courier _courier = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _sidecar = await RunningSidecar.StartAsync(new SidecarOptions
        {
            AppId = "shop",
            ApiToken = "api secret",
            Components = [new SidecarComponent()],
            SecretStores =
            [
                SecretStore.Of("local", new Dictionary<string, string> { ["database"] = "password", ["hidden"] = "x" }) with { Denied = new HashSet<string> { "hidden" } },
                new SecretStore { Name = "kubernetes", Secrets = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["db"] = new Dictionary<string, string> { ["user"] = "u", ["password"] = "p" } } },
            ],
        });
        _courier = new Courier(_sidecar) { Token = "api secret" };
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _courier.Dispose();
        await _sidecar.DisposeAsync();
    }

    [TestCase("/v1.0/healthz", null, 204)]
    [TestCase("/v1.0/healthz/outbound", null, 204)]
    [TestCase("/v1.0/metadata", null, 401)]
    [TestCase("/v1.0/metadata", "wrong", 401)]
    [TestCase("/v1.0/metadata", "api secret", 200)]
    [TestCase("/v1.0/secrets/local/database", null, 401)]
    public async Task The_token_opens_all_but_health(string path, string? token, int status)
    {
        using var courier = new Courier(_sidecar) { Token = token };

        Assert.That((await courier.GetAsync(path, CancellationToken.None)).Status, Is.EqualTo(status));
    }

    [Test]
    public async Task Calls_need_the_token_as_well()
    {
        using var channel = GrpcChannel.ForAddress(_sidecar.GrpcAddress);
        var client = new TestService.TestServiceClient(channel);

        Assert.That(await Rpc.Tests.Expect.StatusAsync(async () => await client.EmptyCallAsync(new Empty())), Is.EqualTo(StatusCode.Unauthenticated));
    }

    [TestCase("local/database", 200, """{"database":"password"}""")]
    [TestCase("kubernetes/db", 200, """{"user":"u","password":"p"}""")]
    [TestCase("local/bulk", 200, """{"database":{"database":"password"}}""")]
    [TestCase("nowhere/database", 401, "ERR_SECRET_STORE_NOT_FOUND")]
    [TestCase("local/hidden", 403, "ERR_PERMISSION_DENIED")]
    [TestCase("local/unknown", 500, "ERR_SECRET_GET")]
    public async Task Secrets(string path, int status, string expected)
    {
        var answer = await _courier.GetAsync($"/v1.0/secrets/{path}", CancellationToken.None);

        Assert.That((answer.Status, status == 200 ? answer.Body : answer.ErrorCode), Is.EqualTo((status, expected)));
    }

    [Test]
    public async Task Metadata_tell_who_and_what()
    {
        var put = await _courier.SendAsync(HttpMethod.Put, "/v1.0/metadata/colour", new StringContent("red"), CancellationToken.None);
        var metadata = (await _courier.GetAsync("/v1.0/metadata", CancellationToken.None)).Json;

        Assert.Multiple(() =>
        {
            Assert.That(put.Status, Is.EqualTo(204));
            Assert.That((string?)metadata["id"], Is.EqualTo("shop"));
            Assert.That(metadata["components"]!.AsArray().Select(component => (string?)component!["type"]), Has.Member("pubsub.in-memory"));
            Assert.That((string?)metadata["extended"]!["colour"], Is.EqualTo("red"));
        });
    }
}
