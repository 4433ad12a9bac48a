using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Hosting;
using CustomerInsights.ServiceDefaults.Tests.Hosting;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.ServiceDefaults.Tests.Telemetry;

public sealed class OpenTelemetryExportTests
{
    private const string Call = "ProfileService/DeleteProfiles";

    [Test]
    public async Task Traces_metrics_and_logs_reach_the_collector_without_messages_of_exceptions()
    {
        await using var collector = await Collector.StartAsync();
        var secret = Some.Email();
        await using (var harness = await ServiceHarness.StartAsync(
            new ProbeApp(),
            new HarnessOptions { Settings = new Dictionary<string, string?> { ["Telemetry:OtlpEndpoint"] = collector.Address }, KeepLogExporters = true }))
        {
            harness.Logs.Announce("DeleteProfiles failed");
            harness.Services.GetRequiredService<ProbeAnswers>().BeforeAnswer = _ => throw new InvalidOperationException(secret);
            Assert.CatchAsync<RpcException>(async () => await harness.ClientOf<ProfileService.ProfileServiceClient>("user:ada").DeleteProfilesAsync(new DeleteProfilesRequest()));
        }

        Assert.That(collector.Received.Keys, Is.SupersetOf(new[] { "trace", "metrics", "logs" }));
        Assert.That(collector.Received["trace"], Does.Contain("segments").And.Contain("DeleteProfiles").And.Not.Contain(secret));
        Assert.That(collector.Received["metrics"], Does.Contain("http.server.request.duration"));
        Assert.That(collector.Received["logs"], Does.Contain("DeleteProfiles failed: InvalidOperationException").And.Not.Contain(secret));
    }

    [Test]
    public async Task Two_services_of_a_process_tell_of_a_call_once()
    {
        var alone = await ToldOfACallAsync(new ProbeApp());
        var together = await ToldOfACallAsync(new ProbeApp(), new OtherApp());

        Assert.That(Regex.Count(together, Call), Is.EqualTo(Regex.Count(alone, Call)).And.GreaterThan(0));
        Assert.That((alone.Contains("standalone", StringComparison.Ordinal), together.Contains("standalone", StringComparison.Ordinal)), Is.EqualTo((false, true)));
    }

    private static async Task<string> ToldOfACallAsync(params IServiceApp[] apps)
    {
        await using var collector = await Collector.StartAsync();
        await using (var harness = await ServiceHarness.StartAsync(
            apps, new HarnessOptions { Settings = new Dictionary<string, string?> { ["Telemetry:OtlpEndpoint"] = collector.Address }, KeepLogExporters = true }))
        {
            await harness.ClientOf<ProfileService.ProfileServiceClient>("user:ada").DeleteProfilesAsync(new DeleteProfilesRequest());
        }

        return collector.Received["trace"];
    }

    /// <summary>Takes OTLP over gRPC and keeps the bytes as text, by signal.</summary>
    private sealed class Collector(WebApplication web) : IAsyncDisposable
    {
        public ConcurrentDictionary<string, string> Received { get; } = new();

        public string Address => web.Urls.Single();

        public static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
            var web = builder.Build();
            var collector = new Collector(web);
            web.Run(collector.TakeAsync);
            await web.StartAsync();
            return collector;
        }

        public ValueTask DisposeAsync() => web.DisposeAsync();

        // "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
        private async Task TakeAsync(HttpContext context)
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            Received.AddOrUpdate(context.Request.Path.Value!.Split('.')[3], _ => Encoding.UTF8.GetString(body.ToArray()), (_, before) => before + Encoding.UTF8.GetString(body.ToArray()));
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[5], context.RequestAborted);
            context.Response.AppendTrailer("grpc-status", "0");
        }
    }
}
