using System.Text.Json.Nodes;
using CustomerInsights.Conformance.Peers;
using CustomerInsights.Rpc.Tests;
using CustomerInsights.Rpc.Tests.Web;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Testing;

namespace CustomerInsights.Conformance.Web;

/// <summary>The gRPC-Web client of another project, as web pages use it, calls our server on HTTP/1.1: the cases that gRPC-Web can express.</summary>
internal sealed class BrowserClientTests
{
    private static readonly string[] Cases =
    [
        "empty_unary", "large_unary", "server_streaming", "custom_metadata", "status_code_and_message", "special_status_message", "unimplemented_method",
        "unimplemented_service", "cancel_after_first_response", "timeout_on_sleeping_server", "deadline_kept_by_the_server",
    ];

    private readonly Dictionary<string, string> _outcomes = [];
    private WebServer? _server;

    [OneTimeSetUp, CancelAfter(120_000)]
    public async Task RunAsync()
    {
        var cancellationToken = TestContext.CurrentContext.CancellationToken;
        _server = await WebServer.StartAsync<InteropService>(cancellationToken);
        var files = new FileDescriptorSet { File = { TestingReflection.Descriptor.ToProto() } };
        await using var client = NodePeer.Start(
            "Web/client.mjs", new JsonObject { ["address"] = _server.Http1.ToString(), ["descriptors"] = files.ToByteString().ToBase64() });
        while (await client.ReadAsync(cancellationToken) is var line && (string?)line["case"] is { } name)
        {
            _outcomes[name] = (string)line["detail"]!;
        }
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [TestCaseSource(nameof(Cases))]
    public void Case_passes(string name)
    {
        var detail = _outcomes.GetValueOrDefault(name, "it did not run");
        TestContext.Out.WriteLine($"measured: gRPC-Web {name,-28} | connect-web calls our server: {(detail.Length == 0 ? "passed" : "failed")}");

        Assert.That(detail, Is.Empty);
    }

    [Test]
    public void No_case_is_left_out_and_none_makes_the_server_fail()
    {
        Assert.That(_outcomes.Keys, Is.EqualTo(Cases));
        Assert.That(_server!.Errors, Is.Empty);
    }
}
