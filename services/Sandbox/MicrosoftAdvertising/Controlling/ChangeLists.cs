using System.Runtime.InteropServices;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;

/// <summary>Makes lists and members that somebody else has made, as in the vendor's web interface.</summary>
internal static class ChangeLists
{
    /// <summary>The new list, or what is wrong with it.</summary>
    public static (long Id, string? Problem) Create(MicrosoftAdvertisingSandbox sandbox, NewList wanted)
    {
        if (sandbox.FindAccount(wanted.AccountId) is not { } account || account.CustomerId != wanted.CustomerId)
        {
            return (0, "account_id must name an account of customer_id; see GET accounts.");
        }

        if (!AudienceRules.IsName(wanted.Name) || !AudienceRules.IsDuration(wanted.MembershipDuration))
        {
            return (0, "name must have 1 to 128 characters; membership_duration must be -1 or 1 to 390.");
        }

        lock (sandbox.Gate)
        {
            var list = sandbox.Lists.Create(account, wanted.Name.Trim(), sandbox.Time.GetUtcNow());
            (list.Description, list.Scope, list.MembershipDuration) = (wanted.Description, wanted.Scope, wanted.MembershipDuration);
            return (list.Id, null);
        }
    }

    /// <summary>What is wrong, or null when the members are in.</summary>
    public static string? Add(MicrosoftAdvertisingSandbox sandbox, long listId, NewMembers members)
    {
        var hashes = new List<HashedAddress>();
        foreach (var text in members.Hashes)
        {
            if (!HashedAddress.TryParse(text, out var hash))
            {
                return "hashes must be 64 lower-case hexadecimal digits each.";
            }

            hashes.Add(hash);
        }

        lock (sandbox.Gate)
        {
            if (sandbox.Lists.Find(listId) is not { } list)
            {
                return "There is no such list; see GET lists.";
            }

            list.Apply(ListAction.Add, CollectionsMarshal.AsSpan(hashes), sandbox.Time.GetUtcNow());
            return null;
        }
    }
}
