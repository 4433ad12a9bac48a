using CustomerInsights.Exports.Defining;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Storage;

namespace CustomerInsights.Exports.Healing;

/// <summary>Tells a worker which of the exports that it remembers are gone: the event that said so may have been lost.</summary>
internal sealed class FindDeletedExports(Database database)
{
    private const int MaxUids = 1_000;
    private const int MaxUid = 60;

    /// <summary>Those of the uids that belong to no export.</summary>
    public async Task<Result<IReadOnlyList<string>>> RunAsync(IReadOnlyList<string> uids, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        violations.Check(uids.Count is > 0 and <= MaxUids, "export_uids", $"must hold 1 to {MaxUids} uids.");
        foreach (var (index, uid) in uids.Index().Take(MaxUids))
        {
            violations.Check(uid.Length > 0 && PlainText.Is(uid, MaxUid), $"export_uids[{index}]", $"must be 1 to {MaxUid} characters without control characters.");
        }

        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        var present = await database.ReadAsync(session => ExportStore.FindPresentAsync(session, uids), cancellationToken);
        return uids.Except(present, StringComparer.Ordinal).ToList();
    }
}
