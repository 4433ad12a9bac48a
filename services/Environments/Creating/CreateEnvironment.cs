using CustomerInsights.Contracts.Environments.V1;
using CustomerInsights.Environments.Auditing;
using CustomerInsights.Environments.Permitting;
using CustomerInsights.Environments.Viewing;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Environments.Creating;

/// <summary>Creates an environment with the caller as its first administrator (ENV-1, PER-2).</summary>
internal sealed class CreateEnvironment(Database database, AuditStore audit, IdGenerator ids, TimeProvider time)
{
    /// <summary>With the request id of an earlier request the answer is the earlier environment, provided the request is the same.</summary>
    public Task<Result<StoredEnvironment>> RunAsync(Caller caller, EnvironmentDraft draft, string requestId, CancellationToken cancellationToken) =>
        database.WriteAsync(transaction => CreateAsync(transaction, caller, draft, requestId), cancellationToken);

    /// <summary>What <see cref="RunAsync"/> would answer, without storing anything.</summary>
    public Task<Result<StoredEnvironment>> RehearseAsync(Caller caller, EnvironmentDraft draft, string requestId, CancellationToken cancellationToken) => database.ReadAsync(
        async session => await FindTwinAsync(session, caller, draft, requestId) ?? new StoredEnvironment(draft, null, ""), cancellationToken);

    private async Task<Result<StoredEnvironment>> CreateAsync(Transaction transaction, Caller caller, EnvironmentDraft draft, string requestId)
    {
        var created = new StoredEnvironment(draft, time.GetStorableNow(), ids.Next());
        if (!await EnvironmentStore.AddAsync(transaction, created, caller.Principal, requestId))
        {
            return await FindTwinAsync(transaction, caller, draft, requestId)
                ?? throw new InvalidOperationException("An environment stood in the way and is gone; environments are never removed.");
        }

        await RoleStore.SetAsync(transaction, draft.Id, new AssignedRole(caller.Principal, Role.Administrator, time.GetStorableNow(), caller.Principal));
        await audit.AddAsync(transaction, new AuditEntry(caller.Principal, "ENVIRONMENT_CREATED", draft.Id, caller.Principal, null, Role.Administrator));
        return created;
    }

    /// <summary>The answer when the request id or the environment's id is taken; null when neither is.</summary>
    private static async Task<Result<StoredEnvironment>?> FindTwinAsync(Session session, Caller caller, EnvironmentDraft draft, string requestId)
    {
        if (requestId.Length > 0 && await EnvironmentStore.FindByRequestAsync(session, caller.Principal, requestId) is { } earlier)
        {
            return earlier.Definition == draft ? earlier : Refusal.Invalid("request_id", "was used for another request. Take a new one for each environment.");
        }

        if (await EnvironmentStore.FindAsync(session, draft.Id) is not null)
        {
            return Refusal.AlreadyExists($"environments/{draft.Id}");
        }

        return null;
    }
}
