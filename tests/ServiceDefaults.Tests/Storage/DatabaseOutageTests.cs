using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace CustomerInsights.ServiceDefaults.Tests.Storage;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class DatabaseOutageTests
{
    [Test]
    public async Task Server_that_nobody_listens_at_is_an_outage()
    {
        var options = new StorageOptions { Engine = Engine.PostgreSql, ConnectionString = "Host=127.0.0.1;Port=1;Username=nobody;Database=nothing;Timeout=5" };
        await using var database = Database.Open(options, "app", typeof(Database).Assembly, TimeProvider.System);

        var failure = await FailureOfAsync(database, "SELECT 1");

        Assert.That(DatabaseOutage.Is(failure), Is.True, failure.ToString());
    }

    [Test]
    public async Task Server_that_ends_the_connection_is_an_outage_and_the_next_statement_succeeds()
    {
        await using var test = await TestDatabase.CreateAsync(Engine.PostgreSql);
        var database = await test.OpenAsync();

        var failure = await FailureOfAsync(database, "SELECT CAST(pg_terminate_backend(pg_backend_pid()) AS INT)");

        Assert.That(DatabaseOutage.Is(failure), Is.True, failure.ToString());
        Assert.That(await database.ReadAsync(s => s.QuerySingleAsync<int>("SELECT 1"), CancellationToken.None), Is.EqualTo(1));
    }

    [TestCase(Engine.Sqlite)]
    [TestCase(Engine.PostgreSql)]
    public async Task Wrong_statement_is_a_bug(Engine engine)
    {
        await using var test = await TestDatabase.CreateAsync(engine);
        var database = await test.OpenAsync();

        Assert.That(DatabaseOutage.Is(await FailureOfAsync(database, "SELECT nothing FROM nowhere")), Is.False);
    }

    [Test]
    public void Busy_or_full_SQLite_is_an_outage_and_a_broken_constraint_is_not()
    {
        Assert.That(DatabaseOutage.Is(new SqliteException("busy", 5)), Is.True);
        Assert.That(DatabaseOutage.Is(new SqliteException("full", 13)), Is.True);
        Assert.That(DatabaseOutage.Is(new SqliteException("constraint", 19)), Is.False);
        Assert.That(DatabaseOutage.Is(new PostgresException("shutdown", "FATAL", "FATAL", PostgresErrorCodes.AdminShutdown)), Is.True);
        Assert.That(DatabaseOutage.Is(new InvalidOperationException("bug")), Is.False);
    }

    private static async Task<Exception> FailureOfAsync(Database database, string sql)
    {
        try
        {
            await database.ReadAsync(s => s.QuerySingleAsync<int>(sql), CancellationToken.None);
        }
        catch (Exception exception)
        {
            return exception;
        }

        throw new InvalidOperationException("The statement succeeded.");
    }
}
