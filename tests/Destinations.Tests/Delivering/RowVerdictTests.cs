using CustomerInsights.Destinations.Mapping;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Delivering;

[Parallelizable(ParallelScope.All)]
internal sealed class RowVerdictTests
{
    private const long ThisRun = 7;
    private const long EarlierRun = 6;
    private static readonly Fingerprint Same = new(1, 2);
    private static readonly Fingerprint Other = new(3, 4);
    private static readonly MappedMember Member = MappedMember.As("k", 0, 0);

    [Test]
    public void A_member_that_the_ledger_does_not_know_is_added() =>
        Assert.That(Decide(null), Is.EqualTo(new RowVerdict(Need.Send, RowClass.Added, ClaimsKey: true)));

    [Test]
    public void A_member_that_stands_as_it_should_needs_nothing() =>
        Assert.That(Decide(Row(LedgerState.Delivered)), Is.EqualTo(new RowVerdict(Need.Nothing, RowClass.Unchanged)));

    [Test]
    public void A_changed_member_is_updated() =>
        Assert.That(Decide(Row(LedgerState.Delivered) with { HashHigh = Other.High }), Is.EqualTo(new RowVerdict(Need.Send, RowClass.Updated)));

    [Test]
    public void A_member_under_another_key_is_updated_and_has_to_hold_the_new_one_first() =>
        Assert.That(Decide(Row(LedgerState.Delivered) with { Key = "old" }), Is.EqualTo(new RowVerdict(Need.Send, RowClass.Updated, ClaimsKey: true)));

    [TestCase(RowClass.Added)]
    [TestCase(RowClass.Updated)]
    public void What_an_earlier_claim_of_the_run_has_settled_keeps_its_class(RowClass rowClass)
    {
        var settled = Row(LedgerState.Delivered) with { RunId = ThisRun, Class = rowClass };
        Assert.That(Decide(settled), Is.EqualTo(new RowVerdict(Need.Nothing, rowClass)));
        Assert.That(Decide(settled with { HashHigh = Other.High }), Is.EqualTo(new RowVerdict(Need.Send, rowClass)));
    }

    [Test]
    public void A_former_member_that_comes_back_is_added() =>
        Assert.That(Decide(Row(LedgerState.Removed)), Is.EqualTo(new RowVerdict(Need.Send, RowClass.Added, ClaimsKey: true)));

    [Test]
    public void A_duplicate_is_looked_at_again_every_time([Values] bool inThisRun) =>
        Assert.That(Decide(Row(LedgerState.Duplicate) with { RunId = inThisRun ? ThisRun : EarlierRun }).Need, Is.EqualTo(Need.Send));

    // Lessons 2.5: a failed row is counted as failed every time it is read, and tried again as soon as it changes.
    [Test]
    public void A_rejected_row_is_not_sent_again_while_nothing_changes_but_stays_rejected()
    {
        var verdict = Decide(Row(LedgerState.Rejected) with { Class = RowClass.Rejected, Key = null, Reason = "WHY" });
        Assert.That(verdict, Is.EqualTo(new RowVerdict(Need.RecordRefusal, RowClass.Rejected, "WHY")));
    }

    [Test]
    public void A_rejected_row_is_sent_again_when_it_has_changed() =>
        Assert.That(Decide(Row(LedgerState.Rejected) with { Class = RowClass.Rejected, Key = null, HashHigh = Other.High }).Need, Is.EqualTo(Need.Send));

    [Test]
    public void A_rejected_row_is_sent_again_when_everything_is_compared()
    {
        var rejected = Row(LedgerState.Rejected) with { Class = RowClass.Rejected, Key = null };
        Assert.That(Decide(rejected, Sent.TrustedIfTaken), Is.EqualTo(new RowVerdict(Need.Send, RowClass.Added, ClaimsKey: true)));
        Assert.That(Decide(rejected with { RunId = ThisRun }, Sent.TrustedIfTaken).Need, Is.EqualTo(Need.Nothing), "but once in a run");
    }

    [Test]
    public void A_member_that_stands_as_it_should_is_sent_again_when_all_are_and_once_in_a_run()
    {
        var delivered = Row(LedgerState.Delivered);
        Assert.That(Decide(delivered, Sent.Ignored), Is.EqualTo(new RowVerdict(Need.Send, RowClass.Updated)));
        Assert.That(Decide(delivered, Sent.TrustedIfTaken).Need, Is.EqualTo(Need.Nothing));
        Assert.That(Decide(delivered with { RunId = ThisRun, Class = RowClass.Updated }, Sent.Ignored), Is.EqualTo(new RowVerdict(Need.Nothing, RowClass.Updated)));
    }

    [Test]
    public void A_row_whose_update_was_refused_still_stands_and_is_updated() =>
        Assert.That(Decide(Row(LedgerState.Rejected) with { Class = RowClass.Rejected, HashHigh = Other.High }).Class, Is.EqualTo(RowClass.Updated));

    [TestCase(true, RowClass.Skipped)]
    [TestCase(false, RowClass.Rejected)]
    public void A_member_that_cannot_be_mapped_is_recorded_with_its_reason(bool wantsAddress, RowClass expected)
    {
        var mapped = MappedMember.Refused(new MappingRefusal("WHY", wantsAddress));
        Assert.That(RowVerdict.Of(null, mapped, default, ThisRun, Sent.Trusted), Is.EqualTo(new RowVerdict(Need.RecordRefusal, expected, "WHY")));
        var recorded = Row(LedgerState.Rejected) with { Key = null, Reason = "WHY", Class = expected };
        Assert.That(RowVerdict.Of(recorded, mapped, default, ThisRun, Sent.Trusted).Need, Is.EqualTo(Need.RecordRefusal), "for the run's own list");
        Assert.That(RowVerdict.Of(recorded with { RunId = ThisRun }, mapped, default, ThisRun, Sent.Trusted).Need, Is.EqualTo(Need.Nothing));
    }

    [Test]
    public void A_row_that_can_be_mapped_again_is_sent() =>
        Assert.That(Decide(Row(LedgerState.Rejected) with { Class = RowClass.Skipped, Key = null, Reason = "WHY", HashHigh = 0, HashLow = 0 }).Need, Is.EqualTo(Need.Send));

    private static RowVerdict Decide(LedgerRow? known, Sent sent = Sent.Trusted) => RowVerdict.Of(known, Member, Same, ThisRun, sent);

    private static LedgerRow Row(LedgerState state) => new("c", state, RowClass.Added, EarlierRun, "k", Same.High, Same.Low, 0, null);
}
