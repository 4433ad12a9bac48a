using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.ServiceDefaults.Tests.Hosting;
using CustomerInsights.TestKit;
using CustomerInsights.TestKit.Hosting;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.ServiceDefaults.Tests.Identity;

/// <summary>What a served call passes on to the calls that it makes of other processes.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(30_000)]
public sealed class PeerInheritanceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [TestCase(false)]
    [TestCase(true)]
    public async Task Earlier_deadline_counts(bool standsStill, CancellationToken cancellationToken)
    {
        var exports = new Exports();
        await using var harness = await StartAsync(exports, standsStill ? new ManualTimeProvider() : TimeProvider.System);
        harness.Services.GetRequiredService<ProbeAnswers>().BeforeAnswer = _ => CallAsync(harness, cancellationToken);

        await ReadAsync(harness, TimeSpan.FromSeconds(12), cancellationToken);
        Assert.That(exports.Remaining, Is.InRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(12)));
        await ReadAsync(harness, TimeSpan.FromHours(1), cancellationToken);
        Assert.That(exports.Remaining, Is.InRange(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(30)), "the default of peer calls");
    }

    [Test]
    public async Task Cancel_of_the_caller_reaches_the_other_process(CancellationToken cancellationToken)
    {
        var exports = new Exports { Holds = true };
        await using var harness = await StartAsync(exports, TimeProvider.System);
        harness.Services.GetRequiredService<ProbeAnswers>().BeforeAnswer = _ => CallAsync(harness, CancellationToken.None);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        var reading = harness.ClientOf<ProfileService.ProfileServiceClient>("user:vera").GetProfileSchemaAsync(
            new GetProfileSchemaRequest { Name = "environments/contoso/profileSchema" }, cancellationToken: cancel.Token);
        await exports.Started.Task.WaitAsync(cancellationToken);
        await cancel.CancelAsync();

        Assert.That(Assert.ThrowsAsync<RpcException>(async () => await reading)!.StatusCode, Is.EqualTo(StatusCode.Cancelled));
        await exports.Cancelled.Task.WaitAsync(Patience, cancellationToken);
    }

    [Test]
    public async Task Work_that_outlives_the_call_is_not_cut(CancellationToken cancellationToken)
    {
        var exports = new Exports();
        var ended = new TaskCompletionSource();
        var left = Task.CompletedTask;
        await using var harness = await StartAsync(exports, TimeProvider.System);
        harness.Services.GetRequiredService<ProbeAnswers>().BeforeAnswer = _ =>
        {
            left = Task.Run(
                async () =>
                {
                    await ended.Task;
                    await CallAsync(harness, cancellationToken);
                },
                cancellationToken);
            return Task.CompletedTask;
        };

        await ReadAsync(harness, TimeSpan.FromSeconds(12), cancellationToken);
        ended.SetResult();
        await left;

        Assert.That(exports.Remaining, Is.GreaterThan(TimeSpan.FromSeconds(20)));
    }

    [Test]
    public async Task Work_started_for_others_inherits_nothing(CancellationToken cancellationToken)
    {
        var exports = new Exports();
        await using var harness = await StartAsync(exports, TimeProvider.System);
        harness.Services.GetRequiredService<ProbeAnswers>().BeforeAnswer = _ =>
        {
            using (ExecutionContext.SuppressFlow())
            {
                return Task.Run(() => CallAsync(harness, cancellationToken), cancellationToken);
            }
        };

        await ReadAsync(harness, TimeSpan.FromSeconds(12), cancellationToken);

        Assert.That(exports.Remaining, Is.GreaterThan(TimeSpan.FromSeconds(20)));
    }

    [Test]
    public async Task Role_asked_for_one_caller_is_not_cut_by_another(CancellationToken cancellationToken)
    {
        var environments = new SlowEnvironments();
        await using var harness = await ServiceHarness.StartAsync(
            new ProbeApp(), new HarnessOptions { Fakes = [environments], Settings = new Dictionary<string, string?> { ["Roles:CacheFor"] = "00:00:10" } }, cancellationToken);
        var hurried = ReadAsync(harness, TimeSpan.FromSeconds(1), cancellationToken);
        await environments.Started.WaitAsync(cancellationToken);
        var patient = ReadAsync(harness, null, cancellationToken);

        Assert.That(Assert.ThrowsAsync<RpcException>(() => hurried)!.StatusCode, Is.EqualTo(StatusCode.DeadlineExceeded));
        environments.Answer.SetResult();
        Assert.That(await patient, Is.Not.Null);
    }

    private static async Task<ServiceHarness> StartAsync(Exports exports, TimeProvider time)
    {
        var harness = await ServiceHarness.StartAsync(
            new ProbeApp(more: builder => builder.AddGrpcClient<ExportService.ExportServiceClient>("exports")), new HarnessOptions { Fakes = [exports], Time = time });
        harness.Roles.Assign("contoso", "user:vera", Role.Viewer);
        return harness;
    }

    private static Task<Export> CallAsync(ServiceHarness harness, CancellationToken cancellationToken) =>
        harness.Services.GetRequiredService<ExportService.ExportServiceClient>().GetExportAsync(new GetExportRequest(), cancellationToken: cancellationToken).ResponseAsync;

    private static Task<ProfileSchema> ReadAsync(ServiceHarness harness, TimeSpan? timeout, CancellationToken cancellationToken) =>
        harness.ClientOf<ProfileService.ProfileServiceClient>("user:vera").GetProfileSchemaAsync(
            new GetProfileSchemaRequest { Name = "environments/contoso/profileSchema" },
            deadline: (TimeProvider.System.GetUtcNow() + timeout)?.UtcDateTime,
            cancellationToken: cancellationToken).ResponseAsync;

    private sealed class Exports : ExportService.ExportServiceBase
    {
        public bool Holds { get; init; }

        public TimeSpan Remaining { get; private set; }

        public TaskCompletionSource Started { get; } = new();

        public TaskCompletionSource Cancelled { get; } = new();

        public override async Task<Export> GetExport(GetExportRequest request, ServerCallContext context)
        {
            Remaining = context.Deadline - TimeProvider.System.GetUtcNow().UtcDateTime;
            Started.TrySetResult();
            if (Holds)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                Cancelled.SetResult();
            }

            return new Export();
        }
    }

    private sealed class SlowEnvironments : EnvironmentService.EnvironmentServiceBase
    {
        private readonly TaskCompletionSource _started = new();

        public Task Started => _started.Task;

        public TaskCompletionSource Answer { get; } = new();

        public override async Task<EffectiveRole> GetEffectiveRole(GetEffectiveRoleRequest request, ServerCallContext context)
        {
            _started.TrySetResult();
            await Answer.Task;
            return new EffectiveRole { Role = Role.Viewer, EnvironmentExists = true };
        }
    }
}
