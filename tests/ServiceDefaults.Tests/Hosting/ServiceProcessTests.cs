using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.ServiceDefaults.Tests.Hosting;

[Parallelizable(ParallelScope.All)]
public sealed class ServiceProcessTests
{
    private const string Schema = "environments/contoso/profileSchema";

    [Test]
    public async Task Services_of_one_process_share_its_port_and_keep_their_own_identity()
    {
        await using var harness = await ServiceHarness.StartAsync([new ProbeApp(), new OtherApp()]);
        harness.Roles.Assign("contoso", "user:vera", Role.Viewer);

        var schema = await harness.ClientOf<ProfileService.ProfileServiceClient>("user:vera").GetProfileSchemaAsync(new GetProfileSchemaRequest { Name = Schema });
        using var stream = harness.ClientOf<MembershipService.MembershipServiceClient>("user:vera").StreamMembers(new StreamMembersRequest());

        Assert.That(schema.Name, Is.EqualTo(Schema));
        Assert.That(await stream.ResponseStream.MoveNext(CancellationToken.None), Is.True, "exports may call segments, and only exports");
    }

    [Test]
    public async Task Unknown_service_and_unknown_method_are_unimplemented()
    {
        await using var harness = await ServiceHarness.StartAsync(new ProbeApp());
        using var channel = GrpcChannel.ForAddress(harness.GrpcAddress);
        var missingService = Assert.ThrowsAsync<RpcException>(async () => await new SegmentService.SegmentServiceClient(channel).GetSegmentAsync(new GetSegmentRequest()))!;
        var unknown = new Method<GetProfileSchemaRequest, ProfileSchema>(
            MethodType.Unary, "customerinsights.segments.v1.ProfileService", "Nothing", MarshallerOf(GetProfileSchemaRequest.Parser), MarshallerOf(ProfileSchema.Parser));
        var missingMethod = Assert.ThrowsAsync<RpcException>(async () => await channel.CreateCallInvoker().AsyncUnaryCall(unknown, null, new CallOptions(), new GetProfileSchemaRequest()))!;
        Assert.That((missingService.StatusCode, missingMethod.StatusCode), Is.EqualTo((StatusCode.Unimplemented, StatusCode.Unimplemented)));
    }

    [Test]
    public async Task Section_of_an_app_overrides_the_configuration_of_the_process()
    {
        var seen = new Dictionary<string, string?>();
        var settings = new Dictionary<string, string?> { ["Greeting"] = "all", ["Apps:exports:Greeting"] = "exports" };
        await using var harness = await ServiceHarness.StartAsync(
            [new ProbeApp("segments", builder => seen["segments"] = builder.Configuration["Greeting"]), new GreetingApp(seen)], new HarnessOptions { Settings = settings });
        Assert.That(seen, Is.EqualTo(new Dictionary<string, string?> { ["segments"] = "all", ["exports"] = "exports" }));
    }

    [Test]
    public async Task Ports_file_tells_the_ports_once_they_are_open()
    {
        var file = Path.Combine(Path.GetTempPath(), Some.Name("ports"));
        await using var harness = await ServiceHarness.StartAsync(new ProbeApp(), new HarnessOptions { Settings = new Dictionary<string, string?> { ["Listen:PortsFile"] = file } });

        var ports = JsonDocument.Parse(await File.ReadAllTextAsync(file)).RootElement;
        File.Delete(file);
        Assert.That(harness.GrpcAddress, Does.EndWith($":{ports.GetProperty("grpc").GetInt32()}"));
        Assert.That(harness.HttpAddress, Does.EndWith($":{ports.GetProperty("http").GetInt32()}"));
    }

    [Test]
    public async Task Everything_wrong_with_the_configuration_is_told_at_once_and_nothing_opens()
    {
        var settings = new Dictionary<string, string?> { ["Storage:Engine"] = "PostgreSql", ["Services:environments"] = "nowhere" };
        await using var process = ServiceProcess.Build([new ProbeApp()], new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        var refused = Assert.ThrowsAsync<StartRefusedException>(() => process.StartAsync(CancellationToken.None))!;
        Assert.That(refused.Problems, Has.One.Contains("Storage:ConnectionString").And.One.Contains("Services:environments").And.One.Contains("Authentication:Authority"));
        using var client = new TcpClient();
        Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(process.Grpc));
    }

    [TestCase("Storage:Engine", "Oracle", "Storage:Engine")]
    [TestCase("Roles:CacheFor", "soon", "Roles:CacheFor")]
    [TestCase("Roles:CacheFor", "01:00:00", "Roles:CacheFor must be a time from 00:00:00 to 00:05:00.")]
    [TestCase("Process:ShutdownTimeout", "never", "Process:ShutdownTimeout must be a time")]
    [TestCase("Listen:Grpc", "5103", "Listen:Grpc must be an address and a port")]
    [TestCase("Telemetry:OtlpEndpoint", "collector", "Telemetry:OtlpEndpoint must be the address")]
    public void Setting_that_cannot_be_read_is_named(string key, string value, string expected)
    {
        var refused = Assert.ThrowsAsync<StartRefusedException>(() => ServiceHarness.StartAsync(
            new ProbeApp(), new HarnessOptions { Settings = new Dictionary<string, string?> { [key] = value } }))!;
        Assert.That(refused.Problems, Has.Some.Contains(expected));
    }

    [Test]
    public async Task Stop_cuts_off_a_call_that_does_not_end_within_the_timeout()
    {
        await using var harness = await ServiceHarness.StartAsync(
            new ProbeApp(), new HarnessOptions { Settings = new Dictionary<string, string?> { ["Process:ShutdownTimeout"] = "00:00:00.300" } });
        var (began, cutOff) = (new TaskCompletionSource(), new TaskCompletionSource());
        harness.Services.GetRequiredService<ProbeAnswers>().BeforeAnswer = async context =>
        {
            began.SetResult();
            await Task.Delay(Timeout.Infinite, context.CancellationToken).ContinueWith(_ => cutOff.SetResult(), TaskScheduler.Default);
        };
        var call = harness.ClientOf<ProfileService.ProfileServiceClient>("user:ada").DeleteProfilesAsync(new DeleteProfilesRequest()).ResponseAsync;
        await began.Task;

        await Eventually.EndsAsync(harness.StopAsync(), "the stop ends");
        await Eventually.EndsAsync(cutOff.Task, "the handler hears of it");
        Assert.CatchAsync<RpcException>(() => call);
    }

    [TestCase("0.0.0.0:0", "127.0.0.1:0")]
    [TestCase("127.0.0.1:0", "[::]:0")]
    [TestCase("*:0", "*:0")]
    public async Task Development_issuer_refuses_an_address_that_others_can_reach(string grpc, string http)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Listen:Grpc"] = grpc, ["Listen:Http"] = http, ["Services:environments"] = "http://127.0.0.1:1",
            ["Authentication:Development:SigningKey"] = Convert.ToBase64String(new byte[32]),
        };
        await using var process = ServiceProcess.Build([new ProbeApp()], new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        var refused = Assert.ThrowsAsync<StartRefusedException>(() => process.StartAsync(CancellationToken.None))!;
        Assert.That(refused.Problems, Is.EqualTo(new[] { "Authentication:Development is for loopback only: set Listen:Grpc and Listen:Http to 127.0.0.1, or use an OpenID Connect issuer." }));
    }

    [Test]
    public async Task Stop_lets_running_calls_finish()
    {
        await using var harness = await ServiceHarness.StartAsync(new ProbeApp());
        var (began, mayEnd) = (new TaskCompletionSource(), new TaskCompletionSource());
        harness.Services.GetRequiredService<ProbeAnswers>().BeforeAnswer = _ =>
        {
            began.SetResult();
            return mayEnd.Task;
        };
        var call = harness.ClientOf<ProfileService.ProfileServiceClient>("user:ada").DeleteProfilesAsync(new DeleteProfilesRequest()).ResponseAsync;
        await began.Task;

        var stop = harness.StopAsync();
        Assert.That(stop.IsCompleted, Is.False);
        mayEnd.SetResult();

        Assert.That(await Eventually.EndsAsync(call, "the call is answered"), Is.Not.Null);
        await Eventually.EndsAsync(stop, "the process stops when the call has ended");
    }

    [Test]
    public async Task Http_endpoints_of_a_service_are_below_its_app_id_and_want_a_token()
    {
        var app = new ProbeApp("segments", builder => builder.MapHttp(endpoints => endpoints.MapGet("/who", (HttpContext context) => ServiceDefaults.Identity.HttpCaller.Of(context).Principal)));
        await using var harness = await ServiceHarness.StartAsync(app);
        using var http = new HttpClient { BaseAddress = new Uri(harness.HttpAddress) };
        Assert.That((await http.GetAsync("/segments/who")).StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        http.DefaultRequestHeaders.Authorization = new("Bearer", harness.TokenFor("user:ada"));
        Assert.That(await http.GetStringAsync("/segments/who"), Is.EqualTo("user:ada"));
        Assert.That((await http.GetAsync("/who")).StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    private static Marshaller<T> MarshallerOf<T>(Google.Protobuf.MessageParser<T> parser)
        where T : class, Google.Protobuf.IMessage<T> => Marshallers.Create(Google.Protobuf.MessageExtensions.ToByteArray, parser.ParseFrom);

    private sealed class GreetingApp(Dictionary<string, string?> seen) : IServiceApp
    {
        public string AppId => "exports";

        public void Configure(ServiceBuilder builder) => seen["exports"] = builder.Configuration["Greeting"];
    }
}
