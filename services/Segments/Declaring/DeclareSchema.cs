using CustomerInsights.Segments.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;
using Npgsql;

namespace CustomerInsights.Segments.Declaring;

/// <summary>Declares the schema of an environment's profiles, or extends it (PRF-3).</summary>
internal sealed class DeclareSchema(Database database, IdGenerator ids)
{
    private static readonly Refusal Busy = new(
        RefusalKind.Unavailable, "The profiles are being read by a stream, and columns cannot be added meanwhile. Try again later.") { Reason = "PROFILES_BUSY" };

    public async Task<Result<ProfileSet>> RunAsync(
        string environment, ProfileSchema wanted, string etag, bool validateOnly, CancellationToken cancellationToken)
    {
        try
        {
            return await database.WriteAsync(transaction => DeclareAsync(transaction, environment, wanted, etag, validateOnly), cancellationToken);
        }
        catch (PostgresException busy) when (busy.SqlState is PostgresErrorCodes.LockNotAvailable)
        {
            return Busy;
        }
    }

    private async Task<Result<ProfileSet>> DeclareAsync(
        Transaction transaction, string environment, ProfileSchema wanted, string etag, bool validateOnly)
    {
        var name = $"environments/{environment}/profileSchema";
        var stored = await ProfileSetStore.LockAsync(transaction, environment);
        if (etag.Length > 0 && etag != stored?.Etag)
        {
            return Refusal.StaleEtag(name);
        }

        if (stored is null)
        {
            var first = new ProfileSet(environment, ids.Next(), wanted, 0, 0, 0, validateOnly ? "" : ids.Next());
            return validateOnly || await ProfileSetStore.CreateAsync(transaction, first) ? first : Refusal.StaleEtag(name);
        }

        if (stored.Schema.KeyAttribute == wanted.KeyAttribute && stored.Schema.Attributes.SequenceEqual(wanted.Attributes))
        {
            return stored;
        }

        return await ExtendAsync(transaction, stored, wanted, validateOnly);
    }

    private async Task<Result<ProfileSet>> ExtendAsync(Transaction transaction, ProfileSet stored, ProfileSchema wanted, bool validateOnly)
    {
        var change = SchemaChange.Between(stored, wanted);
        if ((change.Refusal ?? await RefuseUsedAsync(transaction, stored.Environment, change)) is { } refusal)
        {
            return refusal;
        }

        // A key that is spelled differently is the same key; the stored spelling stays.
        var extended = stored with { Schema = wanted with { KeyAttribute = stored.Schema.KeyAttribute }, Etag = validateOnly ? stored.Etag : ids.Next() };
        if (!validateOnly)
        {
            if (transaction.Engine is Engine.PostgreSql)
            {
                // Waiting behind a long stream would make every other reader wait behind us.
                await transaction.ExecuteAsync("SET LOCAL lock_timeout = '3s'");
            }

            await ProfileSetStore.ChangeSchemaAsync(transaction, extended, change);
        }

        return extended;
    }

    private static async Task<Refusal?> RefuseUsedAsync(Transaction transaction, string environment, SchemaChange change)
    {
        if (change.Dropped.Count == 0)
        {
            return null;
        }

        var segments = await SegmentStore.ListAllAsync(transaction, environment);
        var user = segments.FirstOrDefault(s => s.Definition.Rule.Comparisons.Any(c => change.Dropped.Any(a => a.IsNamed(c.Attribute))));
        return user is null ? null : Refusal.Precondition("ATTRIBUTE_IN_USE", $"The rule of {user.Name} uses an attribute that would be dropped. Change the rule first.");
    }
}
