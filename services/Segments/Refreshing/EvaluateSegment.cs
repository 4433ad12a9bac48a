using CustomerInsights.Contracts;
using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.Segments.Defining;
using CustomerInsights.Segments.Forgetting;
using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Segments.Refreshing;

/// <summary>The refresh was canceled, or its segment deleted, while it was at work: nothing of it may stay.</summary>
internal sealed class RefreshEndedException() : Exception("The refresh has ended already.");

/// <summary>
/// Evaluates a segment and publishes the next version of its membership: members, numbers, history and event become visible
/// with the one commit of the transaction it is given (SEG-28).
/// </summary>
internal sealed class EvaluateSegment(
    EventPublisher events, WatchActiveLimit limit, ForgetLeavers forget, IOptions<SegmentsOptions> options, TimeProvider time)
{
    /// <summary>Throws <see cref="RefreshEndedException"/> when nobody wants the result any more.</summary>
    public async Task<Result<RefreshCounts>> RunAsync(Transaction transaction, RefreshName name)
    {
        var segment = await SegmentStore.FindAsync(transaction, name.SegmentName) ?? throw new RefreshEndedException();
        if (await ProfileSetStore.FindAsync(transaction, name.Environment) is not { } set)
        {
            return DefinitionCheck.NoSchema;
        }

        var violations = new Violations();
        DefinitionCheck.CheckRule(segment.Definition.Rule, set.Schema, violations);
        if (!violations.None)
        {
            return violations.ToRefusal();
        }

        var now = time.GetUtcNow();
        var rule = CompileRule.Compile(segment.Definition.Rule, set.Schema, transaction.Engine, now);
        if (rule.FoldsCase)
        {
            FoldCase.Prepare(transaction);
        }

        var members = new MemberTable(transaction, segment, set, rule);
        var version = segment.LastVersion + 1;
        var isFirst = segment.Published.Version == 0;
        var counts = isFirst ? await members.FillAsync(version) : await members.UpdateAsync(version);
        await RefreshStore.RemoveOlderAsync(transaction, segment.Name, now.AddDays(-options.Value.HistoryDays));
        var floor = isFirst ? version : await forget.RunAsync(transaction, segment);
        await PublishAsync(transaction, name, counts, new Publication(
            version, isFirst ? version : segment.Published.FirstVersion, floor, counts.Members, set.ChangeNumber, now));
        if (isFirst)
        {
            await limit.CheckAsync(transaction, name.Environment);
        }

        return counts;
    }

    private async Task PublishAsync(Transaction transaction, RefreshName name, RefreshCounts counts, Publication published)
    {
        // Others changed neither while the rule was evaluated without holding the row: only the definition may be newer.
        if (await SegmentStore.LockAsync(transaction, name.SegmentName) is null
            || !await RefreshStore.EndAsync(transaction, name, RefreshState.Successful, counts, published.Time!.Value))
        {
            throw new RefreshEndedException();
        }

        await SegmentStore.PublishAsync(transaction, name.SegmentName, published);
        var segment = name.SegmentName.ToString();
        await events.PublishAsync(transaction, Topics.SegmentRefreshed, segment, new SegmentRefreshed
        {
            Segment = segment,
            Version = counts.Version,
            MemberCount = counts.Members,
            AddedCount = counts.Added,
            RemovedCount = counts.Removed,
            RefreshTime = ScalarWire.ToTimestamp(published.Time!.Value.ToMicroseconds()),
        });
    }
}
