using CustomerInsights.Destinations.Mapping;
using CustomerInsights.Destinations.Remembering;

namespace CustomerInsights.Destinations.Delivering;

[Parallelizable(ParallelScope.All)]
public sealed class SettlementTests
{
    private static readonly RowFate Delivered = new(true, null);
    private static readonly RowFate Rejected = new(true, "WHY");

    [Test]
    public void A_new_row_that_is_delivered_stands_under_its_key()
    {
        var settled = Settlement.OfSent(Row(null, "k"), Delivered);
        Assert.That(settled.Write, Is.EqualTo(new LedgerWrite("c", LedgerState.Delivered, RowClass.Added, "k", Fingerprint.OfKey("k"), new(5, 6), 9, null, Exists: false)));
        Assert.That(settled.Removal, Is.Null);
    }

    [Test]
    public void A_row_that_is_delivered_under_another_key_gives_the_old_one_up()
    {
        var settled = Settlement.OfSent(Row(Known(LedgerState.Delivered, "old"), "k"), Delivered);
        Assert.That(settled.Removal, Is.EqualTo(new Removal("old", "c", RemovalCause.KeyChanged)));
        Assert.That(settled.Write.Exists, Is.True);
    }

    [Test]
    public void A_refused_update_leaves_what_stands()
    {
        var settled = Settlement.OfSent(Row(Known(LedgerState.Delivered, "k"), "k"), Rejected);
        Assert.That(settled.Write, Is.EqualTo(new LedgerWrite("c", LedgerState.Rejected, RowClass.Rejected, "k", Fingerprint.OfKey("k"), new(5, 6), 3, "WHY", Exists: true)));
        Assert.That(settled.Removal, Is.Null);
    }

    [Test]
    public void A_refused_new_row_stands_nowhere()
    {
        var settled = Settlement.OfSent(Row(null, "k"), Rejected);
        Assert.That((settled.Write.Key, settled.Write.KeyHash, settled.Write.Fields), Is.EqualTo(((string?)null, (long?)null, 0UL)));
    }

    [Test]
    public void A_row_that_is_refused_under_another_key_gives_the_old_one_up()
    {
        var settled = Settlement.OfSent(Row(Known(LedgerState.Delivered, "old"), "k"), Rejected);
        Assert.That(settled.Removal, Is.EqualTo(new Removal("old", "c", RemovalCause.Unsendable)));
        Assert.That(settled.Write.Key, Is.Null);
    }

    [Test]
    public void A_member_that_cannot_be_sent_any_more_is_taken_out()
    {
        var row = Row(Known(LedgerState.Delivered, "k"), "");
        row.Mapped = MappedMember.Refused(new MappingRefusal("EMAIL_MISSING", WantsAddress: true));
        row.Verdict = new RowVerdict(Need.RecordRefusal, RowClass.Skipped, "EMAIL_MISSING");
        var settled = Settlement.OfRefused(row, maySendBefore: false);
        Assert.That(settled.Removal, Is.EqualTo(new Removal("k", "c", RemovalCause.Unsendable)));
        Assert.That((settled.Write.State, settled.Write.Class, settled.Write.Key, settled.Write.Reason), Is.EqualTo((LedgerState.Rejected, RowClass.Skipped, (string?)null, "EMAIL_MISSING")));
    }

    [Test]
    public void A_row_that_stays_rejected_keeps_what_is_known_of_it()
    {
        var known = Known(LedgerState.Rejected, "k") with { Reason = "WHY" };
        var row = Row(known, "k");
        row.Verdict = new RowVerdict(Need.RecordRefusal, RowClass.Rejected, "WHY");
        var settled = Settlement.OfRefused(row, maySendBefore: false);
        Assert.That((settled.Write.Key, settled.Write.Hash, settled.Write.Fields, settled.Removal), Is.EqualTo(("k", known.Hash, 3UL, (Removal?)null)));
    }

    [Test]
    public void A_duplicate_gives_up_the_key_it_stood_under_before()
    {
        var settled = Settlement.OfDuplicate(Row(Known(LedgerState.Delivered, "old"), "k"), maySendBefore: false);
        Assert.That(settled.Removal, Is.EqualTo(new Removal("old", "c", RemovalCause.KeyChanged)));
        Assert.That((settled.Write.State, settled.Write.Key), Is.EqualTo((LedgerState.Duplicate, "k")));
        Assert.That(Settlement.OfDuplicate(Row(Known(LedgerState.Duplicate, "old"), "k"), maySendBefore: false).Removal, Is.Null, "a duplicate never stood anywhere");
    }

    [Test]
    public void A_former_member_has_nothing_to_give_up() =>
        Assert.That(Settlement.OfSent(Row(Known(LedgerState.Removed, "old"), "k"), Delivered).Removal, Is.Null);

    // A run that is to send everybody again may end before it sends anything; what it was to send stands still.
    [TestCase(true, false, true)]
    [TestCase(false, true, true)]
    [TestCase(false, false, false)]
    public void A_due_row_gives_up_the_key_that_it_stood_or_may_stand_under(bool wasDelivered, bool maySendBefore, bool isTakenOut)
    {
        var known = Known(LedgerState.Due, "old") with { Class = wasDelivered ? RowClass.Updated : RowClass.Added };
        var refused = Row(known, "");
        refused.Mapped = MappedMember.Refused(new MappingRefusal("EMAIL_MISSING", WantsAddress: true));
        refused.Verdict = new RowVerdict(Need.RecordRefusal, RowClass.Skipped, "EMAIL_MISSING");
        Assert.That(Settlement.OfDue(Row(known, "k"), maySendBefore).Removal, Is.EqualTo(Given(RemovalCause.KeyChanged)));
        Assert.That(Settlement.OfDuplicate(Row(known, "k"), maySendBefore).Removal, Is.EqualTo(Given(RemovalCause.KeyChanged)));
        Assert.That(Settlement.OfRefused(refused, maySendBefore).Removal, Is.EqualTo(Given(RemovalCause.Unsendable)));
        Assert.That(Settlement.OfDue(Row(known, "old"), maySendBefore).Removal, Is.Null, "the key is kept");

        Removal? Given(RemovalCause cause) => isTakenOut ? new Removal("old", "c", cause) : null;
    }

    private static LedgerRow Known(LedgerState state, string key) => new("c", state, RowClass.Added, 1, key, 1, 2, 3, null);

    private static DeliveryRow Row(LedgerRow? known, string key)
    {
        var row = new MemberPage().Add("c", 1);
        (row.Known, row.Mapped, row.Hash) = (known, MappedMember.As(key, 9, 0), new Fingerprint(5, 6));
        row.Verdict = new RowVerdict(Need.Send, RowClass.Added);
        return row;
    }
}
