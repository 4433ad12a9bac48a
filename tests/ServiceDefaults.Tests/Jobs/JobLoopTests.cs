using System.Collections.Concurrent;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;

namespace CustomerInsights.ServiceDefaults.Tests.Jobs;

/// <summary>Loops of one or two replicas on a shared database.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class JobLoopTests(Engine engine) : IAsyncDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TimeSpan LongLease = TimeSpan.FromMinutes(1);

    private readonly List<JobTestProcess> _processes = [];
    private TestDatabase _test = null!;
    private Database _database = null!;

    [SetUp]
    public async Task CreateDatabase()
    {
        _test = await TestDatabase.CreateAsync(engine);
        _database = await _test.OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        await _test.DisposeAsync();
    }

    [Test]
    public async Task Stored_job_runs_once_and_leaves_the_table()
    {
        var process = await Process().StartAsync();

        await EnqueueAsync(process, "a", payload: "p");

        await Eventually.TrueAsync(async () => !process.Runs.IsEmpty && await CountAsync() == 0, "the job is done");
        Assert.That(process.Runs.Single(), Has.Property("Attempt").EqualTo(1).And.Property("Job").EqualTo(new Job("work", "a", "a", "p")));
    }

    [Test]
    public async Task Job_of_the_same_key_is_left_as_it_is_until_done()
    {
        var process = Process();

        Assert.That(await EnqueueAsync(process, "a", payload: "first"), Is.True);
        Assert.That(await EnqueueAsync(process, "a", payload: "second"), Is.False);
        await process.StartAsync();
        await Eventually.TrueAsync(async () => await CountAsync() == 0, "the job is done");
        Assert.That(await EnqueueAsync(process, "a", payload: "third"), Is.True);

        await Eventually.TrueAsync(() => process.Runs.Count == 2, "both have run");
        Assert.That(process.Runs.Select(r => r.Job.Payload), Is.EqualTo(["first", "third"]));
        Assert.That(process.Runs.Select(r => r.Epoch), Is.Ordered.Ascending.And.Unique);
    }

    [Test]
    public async Task Withdrawn_job_does_not_run_and_a_running_one_cannot_be_withdrawn()
    {
        var process = Process();
        var finish = new TaskCompletionSource<JobOutcome>();
        process.Behaviour = (_, _) => finish.Task;
        await EnqueueAsync(process, "a");
        Assert.That(await WithdrawAsync(process, "a"), Is.True);
        await process.StartAsync();
        await EnqueueAsync(process, "b");
        await Eventually.TrueAsync(() => process.Runs.Count == 1, "b runs");

        Assert.That(await WithdrawAsync(process, "b"), Is.False);
        Assert.That(await WithdrawAsync(process, "unknown"), Is.False);
        finish.SetResult(JobOutcome.Done);
        await Eventually.TrueAsync(async () => await CountAsync() == 0, "b is done");
        Assert.That(process.Runs.Select(r => r.Job.Key), Is.EqualTo(["b"]));
    }

    [Test]
    public async Task Jobs_of_a_group_run_one_after_another_across_replicas_in_their_order()
    {
        var running = 0;
        var most = 0;
        var order = new ConcurrentQueue<string>();
        async Task<JobOutcome> RunAsync(LeasedJob job, CancellationToken cancellationToken)
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            order.Enqueue(job.Job.Key);
            await Task.Delay(20, cancellationToken);
            Interlocked.Decrement(ref running);
            return JobOutcome.Done;
        }

        var (first, second) = (Process(), Process());
        first.Behaviour = second.Behaviour = RunAsync;
        for (var i = 0; i < 12; i++)
        {
            await EnqueueAsync(first, $"{i:D2}", group: "connection");
        }

        await first.StartAsync();
        await second.StartAsync();

        await Eventually.TrueAsync(async () => await CountAsync() == 0, "all are done");
        Assert.That(most, Is.EqualTo(1));
        Assert.That(order, Is.EqualTo(Enumerable.Range(0, 12).Select(i => $"{i:D2}")));
    }

    [Test]
    public async Task Jobs_of_different_groups_run_side_by_side_up_to_the_concurrency()
    {
        var release = new TaskCompletionSource<JobOutcome>();
        var process = Process(concurrency: 3);
        process.Behaviour = (_, _) => release.Task;
        for (var i = 0; i < 5; i++)
        {
            await EnqueueAsync(process, $"{i}");
        }

        await process.StartAsync();

        await Eventually.TrueAsync(() => process.Runs.Count == 3, "three run");
        Assert.That(await CountAsync("running = 1"), Is.EqualTo(3));
        release.SetResult(JobOutcome.Done);
        await Eventually.TrueAsync(async () => await CountAsync() == 0, "all are done");
    }

    [Test]
    public async Task Failed_job_is_tried_again_after_a_pause()
    {
        var process = await Process().StartAsync();
        process.Behaviour = (job, _) => job.Attempt == 1 ? throw new InvalidOperationException("bug") : Task.FromResult(JobOutcome.Done);

        await EnqueueAsync(process, "a");

        await Eventually.TrueAsync(async () => await CountAsync("failures = 1 AND last_error = 'InvalidOperationException'") == 1, "the failure is recorded");
        await Eventually.TrueAsync(async () => await CountAsync() == 0, "the second attempt succeeds");
        Assert.That(process.Runs.Select(r => r.Attempt), Is.EqualTo([1, 2]));
    }

    [Test]
    public async Task Postponed_job_comes_back_when_it_asked_to()
    {
        var process = await Process().StartAsync();
        process.Behaviour = (job, _) => Task.FromResult(job.Attempt == 1 ? JobOutcome.Retry(TimeProvider.System.GetUtcNow().AddSeconds(1)) : JobOutcome.Done);

        await EnqueueAsync(process, "a");

        await Eventually.TrueAsync(async () => await CountAsync() == 0 && process.Runs.Count == 2, "it ran twice");
    }

    [Test]
    public async Task Stopping_process_gives_its_jobs_back_at_once()
    {
        var (first, second) = (Process(), Process());
        first.Behaviour = async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return JobOutcome.Done;
        };
        await EnqueueAsync(first, "a");
        await first.StartAsync();
        await Eventually.TrueAsync(() => first.Runs.Count == 1, "the first runs it");
        await second.StartAsync();

        await Eventually.EndsAsync(first.StopAsync(), "the first stops");

        await Eventually.TrueAsync(() => second.Runs.Count == 1, "the second takes over", TimeSpan.FromSeconds(10));
        Assert.That(second.Runs.Single().Attempt, Is.EqualTo(2));
    }

    [Test]
    public async Task Lapsed_lease_is_taken_over_and_the_stale_worker_is_fenced_off()
    {
        var dead = Process();
        await EnqueueAsync(dead, "a");
        var stale = (await dead.Store.ClaimAsync(JobTestProcess.Kind, [], TimeSpan.FromSeconds(1), None))!;
        var alive = Process();
        var release = new TaskCompletionSource<JobOutcome>();
        alive.Behaviour = (_, _) => release.Task;
        await alive.StartAsync();

        await Eventually.TrueAsync(() => alive.Runs.Count == 1, "the lease lapses and the other one takes over");

        await Assert.ThatAsync(() => AssertHeldAsync(stale.ToLeased()), Throws.TypeOf<LeaseLostException>());
        await Assert.ThatAsync(() => AssertHeldAsync(alive.Runs.Single()), Throws.Nothing);
        Assert.That(alive.Runs.Single().Epoch, Is.GreaterThan(stale.Epoch));
        Assert.That(await dead.Store.RenewAsync(stale, LongLease, None), Is.False);
        Assert.That(await dead.Store.CompleteAsync(stale, None), Is.False);
        release.SetResult(JobOutcome.Done);
        await Eventually.TrueAsync(async () => await CountAsync() == 0, "the new one completes it");
    }

    [Test]
    public async Task Lease_is_renewed_for_as_long_as_the_handler_runs()
    {
        var process = Process(lease: TimeSpan.FromSeconds(1));
        var other = Process(lease: TimeSpan.FromSeconds(1));
        var release = new TaskCompletionSource<JobOutcome>();
        process.Behaviour = (_, cancellationToken) => release.Task.WaitAsync(cancellationToken);
        await EnqueueAsync(process, "a");
        await process.StartAsync();
        await Eventually.TrueAsync(() => process.Runs.Count == 1, "it runs");
        await other.StartAsync();
        var firstUntil = await LeaseUntilAsync();

        await Eventually.TrueAsync(async () => await LeaseUntilAsync() > firstUntil + 2_000_000, "the lease moved by two of its lengths");

        Assert.That(other.Runs, Is.Empty);
        release.SetResult(JobOutcome.Done);
        await Eventually.TrueAsync(async () => await CountAsync() == 0, "it is done");
    }

    [Test]
    public async Task Handler_is_told_when_its_lease_was_taken_over()
    {
        var process = Process(lease: TimeSpan.FromSeconds(1));
        var told = new TaskCompletionSource();
        process.Behaviour = async (_, cancellationToken) =>
        {
            await using var registration = cancellationToken.Register(told.SetResult);
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return JobOutcome.Done;
        };
        await EnqueueAsync(process, "a");
        await process.StartAsync();
        await Eventually.TrueAsync(() => process.Runs.Count == 1, "it runs");

        await _database.WriteAsync(t => t.ExecuteAsync("UPDATE jobs SET epoch = epoch + 1, lease_owner = 'somebody else', lease_until = lease_until + 60000000"), None);

        await Eventually.EndsAsync(told.Task, "the handler is told");
    }

    [Test]
    public async Task Handler_is_told_when_the_database_does_not_answer_for_the_length_of_the_lease()
    {
        var process = Process(lease: TimeSpan.FromSeconds(1));
        var told = new TaskCompletionSource();
        process.Behaviour = async (_, cancellationToken) =>
        {
            await using var registration = cancellationToken.Register(told.SetResult);
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return JobOutcome.Done;
        };
        await EnqueueAsync(process, "a");
        await process.StartAsync();
        await Eventually.TrueAsync(() => process.Runs.Count == 1, "it runs");

        await _database.WriteAsync(t => t.ExecuteAsync("ALTER TABLE jobs RENAME TO jobs_out_of_reach"), None);

        await Eventually.EndsAsync(told.Task, "the handler is told");
    }

    [Test]
    public async Task Long_fenced_transaction_keeps_its_lease()
    {
        var process = Process(lease: TimeSpan.FromSeconds(1));
        var other = Process(lease: TimeSpan.FromSeconds(1));
        process.Behaviour = async (job, cancellationToken) =>
        {
            await _database.WriteAsync(
                async t =>
                {
                    await process.Get<JobLease>().AssertHeldAsync(t, job);
                    await Task.Delay(TimeSpan.FromSeconds(3), cancellationToken);
                },
                cancellationToken);
            return JobOutcome.Done;
        };
        await EnqueueAsync(process, "a");
        await process.StartAsync();
        await Eventually.TrueAsync(() => process.Runs.Count == 1, "it runs");
        if (engine == Engine.PostgreSql)
        {
            await other.StartAsync();
        }

        await Eventually.TrueAsync(async () => await CountAsync() == 0, "it completes");
        Assert.That(process.Runs.Concat(other.Runs).Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task Twenty_jobs_in_two_replicas_run_once_each()
    {
        var (first, second) = (Process(), Process());
        for (var i = 0; i < 20; i++)
        {
            await EnqueueAsync(first, $"{i}");
        }

        await Task.WhenAll(first.StartAsync(), second.StartAsync());

        await Eventually.TrueAsync(async () => await CountAsync() == 0, "all are done");
        Assert.That(first.Runs.Concat(second.Runs).Select(r => r.Job.Key), Is.EquivalentTo(Enumerable.Range(0, 20).Select(i => $"{i}")));
    }

    private JobTestProcess Process(TimeSpan? lease = null, int concurrency = 4)
    {
        var process = JobTestProcess.Create(_database, lease ?? LongLease, concurrency);
        _processes.Add(process);
        return process;
    }

    private Task<bool> EnqueueAsync(JobTestProcess process, string key, string? group = null, string payload = "") =>
        _database.WriteAsync(t => process.Queue.EnqueueAsync(t, new Job(JobTestProcess.Kind, key, group ?? key, payload)), None);

    private Task<bool> WithdrawAsync(JobTestProcess process, string key) =>
        _database.WriteAsync(t => process.Queue.WithdrawAsync(t, JobTestProcess.Kind, key), None);

    private Task AssertHeldAsync(LeasedJob job) => _database.WriteAsync(t => new JobLease().AssertHeldAsync(t, job), None);

    private Task<long> CountAsync(string where = "1 = 1") =>
        _database.ReadAsync(s => s.QuerySingleAsync<long>($"SELECT COUNT(*) FROM jobs WHERE {where}"), None);

    private Task<long> LeaseUntilAsync() => _database.ReadAsync(s => s.QuerySingleOrDefaultAsync<long>("SELECT lease_until FROM jobs"), None);
}
