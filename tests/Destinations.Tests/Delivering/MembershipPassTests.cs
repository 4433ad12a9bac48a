using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using CustomerInsights.Contracts.Exports.V1;
using CustomerInsights.Contracts.Segments.V1;
using CustomerInsights.Destinations.Contract;
using CustomerInsights.Destinations.Counting;
using CustomerInsights.Destinations.Deciding;
using CustomerInsights.Destinations.Reading;
using CustomerInsights.Destinations.Remembering;
using CustomerInsights.Destinations.Throttling;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace CustomerInsights.Destinations.Delivering;

public sealed class MembershipPassTests(Engine engine) : LedgerFixture(engine)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly TaskCompletionSource<Task> _pass = new();
    private bool _isLeftBehind;

    [TearDown]
    public ValueTask DropServicesAsync() => _services.DisposeAsync();

    // The stream and the session are disposed of when the pass is over: whoever still reads would use them after that.
    [Test]
    public async Task A_pass_that_fails_does_not_end_before_its_reader()
    {
        using var halt = new RunHalt(Token);
        var pass = Pass(halt).RunAsync(PagesAsync(Token), Token);
        _pass.SetResult(pass);
        Assert.That(async () => await pass, Throws.InstanceOf<LeaseLostException>(), "nobody holds the lease of this job");
        Assert.That(_isLeftBehind, Is.False);
    }

    private MembershipPass Pass(RunHalt halt)
    {
        var destination = new ScriptedDestination(new ScriptedVendor(ScriptedWay.Payloads), TimeProvider.System);
        var metrics = new DeliveryMetrics(_services.GetRequiredService<IMeterFactory>(), destination);
        var session = new ScriptedSession(new ScriptedVendor(ScriptedWay.Payloads), new Export { Segments = { FakeSegments.Names } }, TimeProvider.System);
        var throttle = new AccountThrottle(session.Limits.Rate, TimeProvider.System);
        var job = new LeasedJob(new Job("export-run", "run", "connection", ""), 1, 1);
        var run = new RunWork(job, Run, new RunAssignment { Run = "run" }, session, throttle, halt, new RunProgress("run"));
        var work = new AudienceWork(run, session.Audiences[0], AudienceId, new AudienceCounts(session.Audiences[0].Segments, new SendMeter(metrics, new Chance(new Random(1)))));
        var tools = new DeliveryTools(new FencedDatabase(Database, new JobLease()), Ledger, new DueRows(Database), Removals, metrics, TimeProvider.System, NullLoggerFactory.Instance);
        return new MembershipPass(work, new PassPlan(IsWhole: true, new FeedPosition(), null, Sent.Trusted), tools);
    }

    private async IAsyncEnumerable<ReadPage> PagesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            var values = new[] { "k", "a@example.com", "name" }.Select(text => new AttributeValue { StringValue = text });
            yield return new ReadPage([new Member { CustomerId = "c", SegmentBits = 1, Values = { values } }], ReadPage.NothingKnown, []);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            _isLeftBehind = await Task.WhenAny(await _pass.Task, Task.Delay(Patience, CancellationToken.None)) == await _pass.Task;
        }
    }
}
