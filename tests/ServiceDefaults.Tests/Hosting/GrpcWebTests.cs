using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.TestKit.Hosting;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.ServiceDefaults.Tests.Hosting;

/// <summary>Calls of browsers to a process: routed, judged and answered as gRPC calls are.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(30_000)]
public sealed class GrpcWebTests
{
    private const string Profiles = "/customerinsights.segments.v1.ProfileService/";
    private const string Schema = "environments/contoso/profileSchema";

    private ServiceHarness _harness = null!;
    private HttpClient _http = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        var probe = new ProbeApp("segments", builder => builder.MapHttp(endpoints => endpoints.MapGet("/who", (HttpContext context) => HttpCaller.Of(context).Principal)));
        _harness = await ServiceHarness.StartAsync([probe, new OtherApp()]);
        _harness.Roles.Assign("contoso", "user:vera", Role.Viewer);
        _http = new HttpClient { BaseAddress = new Uri(_harness.HttpAddress) };
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _http.Dispose();
        await _harness.DisposeAsync();
    }

    [Test]
    public async Task Call_reaches_the_service_that_owns_the_method(CancellationToken cancellationToken)
    {
        var schema = await SendAsync("GetProfileSchema", new GetProfileSchemaRequest { Name = Schema }, _harness.TokenFor("user:vera"), cancellationToken);
        Assert.That((schema.HttpStatus, schema.Status, ProfileSchema.Parser.ParseFrom(schema.Messages.Single()).Name), Is.EqualTo((200, StatusCode.OK, Schema)));
        Assert.That(_harness.ServicesOf("segments").GetRequiredService<ProbeAnswers>().Caller!.Principal, Is.EqualTo("user:vera"));

        using var streaming = BrowserCalls.Request(
            "/customerinsights.segments.v1.MembershipService/StreamMembers", new StreamMembersRequest(), _harness.TokenFor("user:vera"));
        var members = await BrowserCalls.SendAsync(_http, streaming, cancellationToken);
        Assert.That((members.Status, members.Messages.Count), Is.EqualTo((StatusCode.OK, 1)));
    }

    [Test]
    public async Task Caller_door_judges_as_it_does_for_gRPC(CancellationToken cancellationToken)
    {
        string?[] tokens = [null, "nonsense", _harness.TokenFor("user:vera"), _harness.TokenFor("user:nobody"), _harness.TokenFor("service:exports")];
        var schema = new GetProfileSchemaRequest { Name = Schema };
        var update = new UpdateProfileSchemaRequest { ProfileSchema = new ProfileSchema { Name = Schema } };
        var upsert = new UpsertProfilesRequest { Parent = "environments/contoso" };
        foreach (var token in tokens)
        {
            var client = _harness.ClientWith<ProfileService.ProfileServiceClient>(token);
            await SameAsync("GetProfileSchema", schema, token, () => client.GetProfileSchemaAsync(schema).ResponseAsync, cancellationToken);
            await SameAsync("GetProfileSchema", new GetProfileSchemaRequest(), token, () => client.GetProfileSchemaAsync(new GetProfileSchemaRequest()).ResponseAsync, cancellationToken);
            await SameAsync("UpdateProfileSchema", update, token, () => client.UpdateProfileSchemaAsync(update).ResponseAsync, cancellationToken);
            await SameAsync("UpsertProfiles", upsert, token, () => client.UpsertProfilesAsync(upsert).ResponseAsync, cancellationToken);
            await SameAsync(
                "GetProfileStatistics", new GetProfileStatisticsRequest(), token, () => client.GetProfileStatisticsAsync(new GetProfileStatisticsRequest()).ResponseAsync, cancellationToken);
        }
    }

    [Test]
    public async Task Client_stream_is_unimplemented(CancellationToken cancellationToken)
    {
        var answer = await SendAsync("ImportProfiles", new ImportProfilesRequest(), _harness.TokenFor("user:vera"), cancellationToken);
        Assert.That((answer.HttpStatus, answer.Status, answer["grpc-message"]), Is.EqualTo((200, StatusCode.Unimplemented, "gRPC-Web has no client streaming: call this method by gRPC over HTTP/2.")));
    }

    [Test]
    public async Task Rest_of_the_port_stays_as_it_was(CancellationToken cancellationToken)
    {
        using var health = BrowserCalls.Request("/grpc.health.v1.Health/Check", new HealthCheckRequest());
        using var unknown = BrowserCalls.Request("/customerinsights.segments.v1.SegmentService/GetSegment", new GetSegmentRequest());
        using var who = new HttpRequestMessage(HttpMethod.Get, "/segments/who") { Headers = { Authorization = new("Bearer", _harness.TokenFor("user:ada")) } };

        Assert.That(await _http.GetStringAsync("/healthz/ready", cancellationToken), Is.EqualTo("ready\n"));
        Assert.That(await (await _http.SendAsync(who, cancellationToken)).Content.ReadAsStringAsync(cancellationToken), Is.EqualTo("user:ada"));
        Assert.That((await BrowserCalls.SendAsync(_http, health, cancellationToken)).Status, Is.EqualTo(StatusCode.OK));
        Assert.That((await BrowserCalls.SendAsync(_http, unknown, cancellationToken)).Status, Is.EqualTo(StatusCode.Unimplemented));
    }

    private async Task SameAsync(string method, IMessage request, string? token, Func<Task> call, CancellationToken cancellationToken)
    {
        var expected = (StatusCode.OK, "", "");
        try
        {
            await call();
        }
        catch (RpcException exception)
        {
            expected = (exception.StatusCode, exception.Status.Detail, DetailsOf(exception.Trailers.GetValueBytes("grpc-status-details-bin")));
        }

        var answer = await SendAsync(method, request, token, cancellationToken);
        var details = answer["grpc-status-details-bin"] is { } text ? DetailsOf(Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='))) : "";
        Assert.That((answer.Status, Uri.UnescapeDataString(answer["grpc-message"] ?? ""), details), Is.EqualTo(expected), $"{method} with {token}");
    }

    private static string DetailsOf(byte[]? bytes) => bytes is null ? "" : Convert.ToHexString(bytes);

    private async Task<BrowserAnswer> SendAsync(string method, IMessage message, string? token, CancellationToken cancellationToken)
    {
        using var request = BrowserCalls.Request(Profiles + method, message, token);
        return await BrowserCalls.SendAsync(_http, request, cancellationToken);
    }
}
