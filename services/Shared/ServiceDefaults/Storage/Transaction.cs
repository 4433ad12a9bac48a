using System.Data.Common;

namespace CustomerInsights.ServiceDefaults.Storage;

/// <summary>A write transaction. State, outbox, inbox and jobs that belong together commit together.</summary>
public sealed class Transaction : Session
{
    private readonly List<Action> _afterCommit = [];

    internal Transaction(IDatabaseEngine engine, DbConnection connection, DbTransaction transaction, CancellationToken cancellationToken)
        : base(engine, connection, transaction, cancellationToken)
    {
    }

    /// <summary>Ends a SELECT whose rows the transaction is about to change. SQLite has one writer at a time and needs no row locks.</summary>
    public string ForUpdate => Engine == Engine.PostgreSql ? " FOR UPDATE" : "";

    /// <summary>As <see cref="ForUpdate"/>, passing over rows that another transaction holds.</summary>
    public string ForUpdateSkipLocked => Engine == Engine.PostgreSql ? " FOR UPDATE SKIP LOCKED" : "";

    /// <summary>Runs once the transaction is committed: wakes a dispatcher or a loop. Must not throw.</summary>
    public void AfterCommit(Action action) => _afterCommit.Add(action);

    // Not cancellable: a commit that was sent may have happened.
    internal Task CommitAsync() => DbTransaction!.CommitAsync(CancellationToken.None);

    internal void RunAfterCommit() => _afterCommit.ForEach(action => action());
}
