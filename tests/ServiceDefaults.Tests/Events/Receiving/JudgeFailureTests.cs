using System.Net.Sockets;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Events.Receiving;
using Grpc.Core;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace CustomerInsights.ServiceDefaults.Tests.Events.Receiving;

[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
internal sealed class JudgeFailureTests
{
    private readonly JudgeFailure _judge = new();

    private static IEnumerable<TestCaseData> Outages =>
    [
        new TestCaseData(new PostgresException("stopping", "FATAL", "FATAL", PostgresErrorCodes.AdminShutdown)).SetArgDisplayNames("stopping server"),
        new TestCaseData(new PostgresException("password", "FATAL", "FATAL", PostgresErrorCodes.InvalidPassword)).SetArgDisplayNames("server that lets nobody in"),
        new TestCaseData(new PostgresException("standby", "ERROR", "ERROR", PostgresErrorCodes.ReadOnlySqlTransaction)).SetArgDisplayNames("standby"),
        new TestCaseData(new PostgresException("space", "ERROR", "ERROR", PostgresErrorCodes.DiskFull)).SetArgDisplayNames("full disk"),
        new TestCaseData(new SqliteException("busy", 5)).SetArgDisplayNames("busy file"),
        new TestCaseData(new RpcException(new Status(StatusCode.Unavailable, ""))).SetArgDisplayNames("service away"),
        new TestCaseData(new SocketException()).SetArgDisplayNames("socket"),
        new TestCaseData(new TimeoutException()).SetArgDisplayNames("timeout"),
    ];

    [TestCaseSource(nameof(Outages))]
    public void Outage_may_last_as_long_as_it_takes(Exception outage)
    {
        for (var failure = 1; failure <= 10 * JudgeFailure.MaxFailures; failure++)
        {
            Assert.That(_judge.Judge(Event("a"), outage), Is.Null);
        }
    }

    [TestCase("22021", TestName = "U+0000 is refused at once")]
    [TestCase("22003", TestName = "Number out of range is refused at once")]
    public void Data_that_the_database_refuses(string state) =>
        Assert.That(_judge.Judge(Event("a"), new PostgresException("data", "ERROR", "ERROR", state)), Is.EqualTo("DATA_REFUSED"));

    [Test]
    public void Any_other_failure_counts_for_its_event_alone()
    {
        for (var failure = 1; failure < JudgeFailure.MaxFailures; failure++)
        {
            Assert.That(_judge.Judge(Event("a"), new InvalidOperationException("bug")), Is.Null);
            Assert.That(_judge.Judge(Event("b"), new TimeoutException()), Is.Null);
        }

        Assert.That(_judge.Judge(Event("b"), new InvalidOperationException("bug")), Is.Null);
        Assert.That(_judge.Judge(Event("a"), new InvalidOperationException("bug")), Is.EqualTo("DELIVERY_LIMIT"));
    }

    [Test]
    public void Handled_or_given_up_event_begins_anew_when_it_is_replayed()
    {
        FailUpTo(JudgeFailure.MaxFailures - 1);
        _judge.Forget(Event("a"));
        FailUpTo(JudgeFailure.MaxFailures - 1);
        Assert.That(_judge.Judge(Event("a"), new InvalidOperationException("bug")), Is.EqualTo("DELIVERY_LIMIT"));
        FailUpTo(JudgeFailure.MaxFailures - 1);
    }

    private void FailUpTo(int failures)
    {
        for (var failure = 1; failure <= failures; failure++)
        {
            Assert.That(_judge.Judge(Event("a"), new InvalidOperationException("bug")), Is.Null);
        }
    }

    private static CloudEvent Event(string id) => new(id, "/somebody", "t", "", null, null, "{}");
}
