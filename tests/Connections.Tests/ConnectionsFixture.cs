using CustomerInsights.Sandbox;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Outbound;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit.Hosting;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CustomerInsights.Connections.Tests;

/// <summary>The real service on a real database, a stand-in of Braze, and for each test an environment and a workspace of its own.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[Parallelizable(ParallelScope.All)]
public abstract class ConnectionsFixture(Engine engine)
{
    private SandboxServer _sandbox = null!;

    protected ServiceHarness Harness { get; private set; } = null!;

    internal FakeExports Exports { get; } = new();

    /// <summary>Where a name of a real host leads to; a test may lead it astray.</summary>
    protected System.Net.IPAddress[] Resolved { get; set; } = [];

    protected static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    protected string SandboxHost => _sandbox.Host;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _sandbox = await SandboxServer.StartAsync(new SandboxOptions());
        Harness = await ServiceHarness.StartAsync(new ConnectionsApp(), new HarnessOptions
        {
            Engine = engine,
            Settings = new Dictionary<string, string?> { ["Connections:AllowedSandboxHosts:0"] = _sandbox.Host, ["Connections:VerifyTimeout"] = "00:00:05" },
            Fakes = [Exports],
            Adjust = (_, services) => services.Replace(ServiceDescriptor.Singleton<ResolveHost>((host, token) =>
                host.StartsWith("rest.", StringComparison.Ordinal) ? Task.FromResult(Resolved) : System.Net.Dns.GetHostAddressesAsync(host, token))),
        });
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await Harness.DisposeAsync();
        await _sandbox.DisposeAsync();
    }

    /// <summary>What one test works with.</summary>
    internal async Task<Scene> SetAsync()
    {
        var scene = new Scene(Harness, _sandbox);
        await scene.Braze.AllowKeyAsync(scene.Key, Token);
        return scene;
    }

    /// <summary>Expects a status and, when given, the machine-readable reason.</summary>
    protected static async Task<RpcException> RefusedAsync<T>(AsyncUnaryCall<T> call, StatusCode status, string? reason = null) =>
        Refused(await Catch(async () => await call), status, reason);

    protected static IEnumerable<string> FieldsOf(RpcException refused) =>
        refused.GetRichStatus()!.Details.Where(d => d.Is(Google.Rpc.BadRequest.Descriptor)).SelectMany(d => d.Unpack<Google.Rpc.BadRequest>().FieldViolations).Select(v => v.Field);

    private static RpcException Refused(RpcException refused, StatusCode status, string? reason)
    {
        Assert.That((refused.StatusCode, reason is null ? null : refused.GetReason()), Is.EqualTo((status, reason)), refused.Status.Detail);
        return refused;
    }

    private static async Task<RpcException> Catch(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (RpcException refused)
        {
            return refused;
        }

        throw new AssertionException("The call was not refused.");
    }
}
