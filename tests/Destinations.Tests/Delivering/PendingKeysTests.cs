using CustomerInsights.Destinations.Mapping;

namespace CustomerInsights.Destinations.Delivering;

[Parallelizable(ParallelScope.All)]
public sealed class PendingKeysTests
{
    [Test]
    public void Two_rows_on_their_way_cannot_hold_one_key()
    {
        var pending = new PendingKeys();
        var page = pending.TryRent(1)!;
        Assert.That(pending.TryClaim(Row(page, "a", "k")), Is.True);
        Assert.That(pending.TryClaim(Row(page, "b", "k")), Is.False);
        Assert.That(pending.TryClaim(Row(page, "c", "other")), Is.True);
    }

    [Test]
    public void A_key_is_free_again_once_the_ledger_knows_its_row()
    {
        var pending = new PendingKeys();
        var page = pending.TryRent(2)!;
        page.Begin(0);
        pending.TryClaim(Row(page, "a", "k"));
        pending.Return(page);
        var next = pending.TryRent(2)!;
        next.Begin(1);
        Assert.That(pending.TryClaim(Row(next, "b", "k")), Is.True);
    }

    [Test]
    public void A_refused_row_does_not_hold_its_key_any_more()
    {
        var pending = new PendingKeys();
        var page = pending.TryRent(1)!;
        var first = Row(page, "a", "k");
        pending.TryClaim(first);
        Assert.That(pending.Refuse(first), Is.False, "nobody was left out because of it");
        Assert.That(pending.TryClaim(Row(page, "b", "k")), Is.True);
    }

    [Test]
    public void Refusing_a_row_that_kept_another_one_out_is_noticed()
    {
        var pending = new PendingKeys();
        var page = pending.TryRent(1)!;
        var first = Row(page, "a", "k");
        pending.TryClaim(first);
        pending.TryClaim(Row(page, "b", "k"));
        Assert.That(pending.Refuse(first), Is.True);
    }

    [Test]
    public void No_more_pages_are_on_their_way_than_allowed()
    {
        var pending = new PendingKeys();
        var pages = Enumerable.Range(0, 3).Select(_ => pending.TryRent(3)).ToList();
        Assert.That(pages, Has.All.Not.Null);
        Assert.That(pending.TryRent(3), Is.Null);
        pending.Return(pages[1]!);
        Assert.That(pending.TryRent(3), Is.SameAs(pages[1]));
    }

    private static DeliveryRow Row(MemberPage page, string customerId, string key)
    {
        var row = page.Add(customerId, 1);
        row.Mapped = MappedMember.As(key, 0, 0);
        return row;
    }
}
