namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

/// <summary>Who sees a list.</summary>
public enum ListScope
{
    /// <summary>The account it was made in.</summary>
    Account,

    /// <summary>All accounts of the customer.</summary>
    Customer,
}

/// <summary>An audience of type CustomerList. The sandbox's gate is held around every use.</summary>
internal sealed class CustomerList(long id, AdAccount account, string name, DateTimeOffset now)
{
    /// <summary>Members below which the vendor does not use a list.</summary>
    public const int LeastSize = 300;

    /// <summary>A membership duration without end.</summary>
    public const int Forever = -1;

    public long Id => id;

    /// <summary>The account it was made in.</summary>
    public AdAccount Account => account;

    public string Name { get; set; } = name;

    public string? Description { get; set; }

    /// <summary>Days, or <see cref="Forever"/>.</summary>
    public int MembershipDuration { get; set; } = AudienceRules.DefaultDuration;

    public ListScope Scope { get; set; }

    /// <summary>When its members last changed; at first, when it was made.</summary>
    public DateTimeOffset ChangedAt { get; private set; } = now;

    public MemberSet Members { get; } = new();

    public long ParentId => Scope == ListScope.Account ? account.AccountId : account.CustomerId;

    public bool IsVisibleTo(AdAccount other) =>
        Scope == ListScope.Account ? other.AccountId == account.AccountId : other.CustomerId == account.CustomerId;

    public int Count(DateTimeOffset moment) => Members.Count(DaysOfMembership, moment);

    public HashedAddress[] Sorted(DateTimeOffset moment) => Members.Sorted(DaysOfMembership, moment);

    /// <summary>What the vendor tells about the size; null while it is not known, or too small to be used.</summary>
    public int? KnownSize(DateTimeOffset moment, int delayHours) =>
        ChangedAt.AddHours(delayHours) <= moment && Count(moment) is var count and >= LeastSize ? count : null;

    public void Apply(ListAction action, ReadOnlySpan<HashedAddress> hashes, DateTimeOffset moment)
    {
        ChangedAt = moment;
        if (action == ListAction.Replace)
        {
            Members.Clear(hashes.Length);
        }

        foreach (var hash in hashes)
        {
            if (action == ListAction.Remove)
            {
                Members.Remove(hash);
            }
            else
            {
                Members.Add(hash, moment);
            }
        }
    }

    private int? DaysOfMembership => MembershipDuration == Forever ? null : MembershipDuration;
}

/// <summary>What is done with items.</summary>
internal enum ListAction
{
    Add,
    Remove,
    Replace,
}
