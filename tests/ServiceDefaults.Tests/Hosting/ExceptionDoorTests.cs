using System.Net.Sockets;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CustomerInsights.ServiceDefaults.Tests.Hosting;

public sealed class ExceptionDoorTests
{
    private ServiceHarness _harness = null!;

    [SetUp]
    public async Task StartAsync() => _harness = await ServiceHarness.StartAsync(new ProbeApp());

    [TearDown]
    public async Task StopAsync() => await _harness.DisposeAsync();

    [Test]
    public void Refusal_passes_as_it_is() =>
        Assert.That(Fail(new RpcException(new Status(StatusCode.ResourceExhausted, "Enough."))).Status, Is.EqualTo(new Status(StatusCode.ResourceExhausted, "Enough.")));

    [Test]
    public void Bug_becomes_internal_with_a_trace_id_and_neither_answer_nor_log_repeats_its_message()
    {
        _harness.Logs.Announce("DeleteProfiles failed");
        var secret = Some.Email();

        var failed = Fail(new InvalidOperationException(secret, new FormatException(secret)));

        Assert.That((failed.StatusCode, failed.Status.Detail), Is.EqualTo((StatusCode.Internal, failed.Status.Detail)));
        Assert.That(failed.Status.Detail, Does.Match("trace id [0-9a-f]{32}").And.Not.Contain(secret));
        var log = _harness.Logs.Records.Single(record => record.Level == LogLevel.Error);
        Assert.That(log.ToString(), Does.Contain("InvalidOperationException at ").And.Contain("<- FormatException").And.Not.Contain(secret));
    }

    [Test]
    public void Outage_becomes_unavailable_without_an_error_in_the_log()
    {
        Assert.That(Fail(new SocketException((int)SocketError.ConnectionRefused)).StatusCode, Is.EqualTo(StatusCode.Unavailable));
        Assert.That(_harness.Logs.Records.Single(record => record.Level == LogLevel.Warning && record.Event == "Outage").Text, Does.Contain("SocketException (ConnectionRefused)"));
    }

    [Test]
    public async Task Caller_that_goes_away_is_no_error()
    {
        using var leave = new CancellationTokenSource();
        var ended = new TaskCompletionSource();
        Answers.BeforeAnswer = async context =>
        {
            await leave.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.CancellationToken).ContinueWith(_ => ended.SetResult(), TaskScheduler.Default);
            context.CancellationToken.ThrowIfCancellationRequested();
        };
        var cancelled = Assert.CatchAsync(async () => await Client.DeleteProfilesAsync(new DeleteProfilesRequest(), cancellationToken: leave.Token));
        await Eventually.EndsAsync(ended.Task, "the handler hears of it");
        Assert.That(cancelled, Is.InstanceOf<RpcException>().With.Property("StatusCode").EqualTo(StatusCode.Cancelled));
    }

    [Test]
    public void Deadline_is_told_as_such()
    {
        Answers.BeforeAnswer = context => Task.Delay(Timeout.Infinite, context.CancellationToken);
        var late = Assert.ThrowsAsync<RpcException>(async () =>
            await Client.DeleteProfilesAsync(new DeleteProfilesRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(50)))!;
        Assert.That(late.StatusCode, Is.EqualTo(StatusCode.DeadlineExceeded));
    }

    private ProbeAnswers Answers => _harness.Services.GetRequiredService<ProbeAnswers>();

    private ProfileService.ProfileServiceClient Client => _harness.ClientOf<ProfileService.ProfileServiceClient>("user:ada");

    private RpcException Fail(Exception exception)
    {
        Answers.BeforeAnswer = _ => Task.FromException(exception);
        return Assert.ThrowsAsync<RpcException>(async () => await Client.DeleteProfilesAsync(new DeleteProfilesRequest()))!;
    }
}
