using CustomerInsights.Destinations.Mapping;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.TestKit;

namespace CustomerInsights.Destinations.Remembering;

/// <summary>A ledger of its own for each test, on either engine.</summary>
[TestFixture(Engine.Sqlite)]
[TestFixture(Engine.PostgreSql)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.All)]
public abstract class LedgerFixture(Engine engine)
{
    private TestDatabase _own = null!;

    protected const long Run = 42;

    protected Database Database { get; private set; } = null!;

    protected long AudienceId { get; private set; }

    internal LedgerScope Scope => new(AudienceId, Run, 1);

    internal LedgerStore Ledger => new(Database);

    internal RemovalQueue Removals => new(Database);

    protected static CancellationToken Token => TestContext.CurrentContext.CancellationToken;

    [SetUp]
    public async Task OpenLedgerAsync()
    {
        _own = await TestDatabase.CreateAsync(engine, Token);
        Database = await _own.OpenAsync("worker", typeof(IDestination).Assembly, cancellationToken: Token);
        AudienceId = (await Database.WriteAsync(transaction => AudienceStore.OpenAsync(transaction, "export", "account", "audience"), Token)).AudienceId;
    }

    [TearDown]
    public ValueTask CloseLedgerAsync() => _own.DisposeAsync();

    internal Task WriteAsync(params IReadOnlyList<LedgerWrite> rows) => Database.WriteAsync(transaction => WriteLedger.RunAsync(transaction, Scope, rows), Token);

    internal static LedgerWrite Delivered(string customerId, string key, bool exists = false) =>
        new(customerId, LedgerState.Delivered, RowClass.Added, key, Fingerprint.OfKey(key), new Fingerprint(1, 2), 3, null, exists);

    internal Task<IReadOnlyList<LedgerRow>> AllAsync() => Ledger.ReadRangeAsync(AudienceId, "", null, 1_000, Token);

    internal Task<IReadOnlyList<QueuedRemoval>> QueuedAsync() => Removals.ReadAsync(new RemovalScope(AudienceId, Run), "", 1_000, Token);
}
