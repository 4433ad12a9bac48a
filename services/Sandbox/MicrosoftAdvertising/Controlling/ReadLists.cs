using System.Security.Cryptography;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Controlling;

/// <summary>Shows the lists and their members as they are now.</summary>
internal static class ReadLists
{
    private const int LineLength = HashedAddress.TextLength + 1;
    private const int LinesAtATime = 4_000;

    /// <summary>All lists, or those of a customer, of an account.</summary>
    public static IReadOnlyList<ListView> All(MicrosoftAdvertisingSandbox sandbox, long? customerId, long? accountId)
    {
        lock (sandbox.Gate)
        {
            return [.. sandbox.Lists.All
                .Where(l => (customerId is null || l.Account.CustomerId == customerId) && (accountId is null || l.Account.AccountId == accountId))
                .Select(l => View(l, sandbox.Time.GetUtcNow()))];
        }
    }

    public static ListView? One(MicrosoftAdvertisingSandbox sandbox, long id)
    {
        lock (sandbox.Gate)
        {
            return sandbox.Lists.Find(id) is { } list ? View(list, sandbox.Time.GetUtcNow()) : null;
        }
    }

    /// <summary>Members in order; null when there is no such list.</summary>
    public static HashedAddress[]? Members(MicrosoftAdvertisingSandbox sandbox, long id)
    {
        lock (sandbox.Gate)
        {
            return sandbox.Lists.Find(id)?.Sorted(sandbox.Time.GetUtcNow());
        }
    }

    /// <summary>One hash a line.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Lines(HashedAddress[] members)
    {
        var buffer = new byte[LineLength * LinesAtATime];
        foreach (var chunk in members.Chunk(LinesAtATime))
        {
            for (var i = 0; i < chunk.Length; i++)
            {
                chunk[i].WriteText(buffer.AsSpan(i * LineLength, HashedAddress.TextLength));
                buffer[(i * LineLength) + HashedAddress.TextLength] = (byte)'\n';
            }

            yield return buffer.AsMemory(0, chunk.Length * LineLength);
        }
    }

    public static MembersDigest Digest(HashedAddress[] members)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var lines in Lines(members))
        {
            hash.AppendData(lines.Span);
        }

        return new MembersDigest(members.Length, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    public static MicrosoftAdvertisingCountersView Counters(MicrosoftAdvertisingSandbox sandbox)
    {
        lock (sandbox.Gate)
        {
            var now = sandbox.Time.GetUtcNow();
            return sandbox.Counters.View(sandbox.Lists.Count, sandbox.Lists.All.Sum(l => (long)l.Count(now)), sandbox.Journal.Last);
        }
    }

    private static ListView View(CustomerList list, DateTimeOffset now) => new()
    {
        Id = list.Id,
        CustomerId = list.Account.CustomerId,
        AccountId = list.Account.AccountId,
        Name = list.Name,
        Description = list.Description,
        Scope = list.Scope,
        MembershipDuration = list.MembershipDuration,
        Members = list.Count(now),
    };
}
