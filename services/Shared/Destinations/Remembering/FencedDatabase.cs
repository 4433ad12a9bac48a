using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Destinations.Remembering;

/// <summary>The database in the hands of a leased job: every write through it asks first whether the lease is still held, so a stale worker changes no ledger.</summary>
internal sealed class FencedDatabase(Database database, JobLease lease)
{
    /// <summary>Runs a transaction of the job. Throws <see cref="LeaseLostException"/> when another replica has taken it over.</summary>
    public Task<T> WriteAsync<T>(LeasedJob job, Func<Transaction, Task<T>> write, CancellationToken cancellationToken) => database.WriteAsync(
        async transaction =>
        {
            await lease.AssertHeldAsync(transaction, job);
            return await write(transaction);
        },
        cancellationToken);

    /// <summary>Reads, which needs no lease.</summary>
    public Task<T> ReadAsync<T>(Func<Session, Task<T>> read, CancellationToken cancellationToken) => database.ReadAsync(read, cancellationToken);

    /// <summary>As <see cref="WriteAsync{T}"/>, without a result.</summary>
    public Task WriteAsync(LeasedJob job, Func<Transaction, Task> write, CancellationToken cancellationToken) => WriteAsync(
        job,
        async transaction =>
        {
            await write(transaction);
            return true;
        },
        cancellationToken);
}
