using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using CustomerInsights.Sandbox.Braze.Reading;
using CustomerInsights.Sandbox.Braze.Storing;
using CustomerInsights.Sandbox.Braze.Tracking;

namespace CustomerInsights.Sandbox.Braze.Controlling;

/// <summary>Shows the users as they are now, whatever the vendor's own reads would show yet.</summary>
internal static class ReadUsers
{
    private const int LinesAtATime = 1_000;

    public static UserPage Page(BrazeWorkspace workspace, byte[]? after, int limit)
    {
        lock (workspace.Gate)
        {
            var users = workspace.Users.Sorted();
            var first = after is null ? 0 : Array.BinarySearch(users, new User(after, 0), Order);
            var page = users.Skip(first < 0 ? ~first : first + (after is null ? 0 : 1)).Take(limit + 1).ToList();
            var shown = page.Take(limit).Select(u => View(workspace.Users, u)).ToList();
            return new UserPage(shown, page.Count > limit ? Base64Url.EncodeToString(page[limit - 1].Key) : null);
        }
    }

    public static SandboxUser? One(BrazeWorkspace workspace, Identifier identifier)
    {
        lock (workspace.Gate)
        {
            return identifier.Find(workspace.Users) is { } user ? View(workspace.Users, user) : null;
        }
    }

    /// <summary>All users, one JSON object a line; equal users in equal order give equal bytes.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Lines(BrazeWorkspace workspace)
    {
        User[] users;
        lock (workspace.Gate)
        {
            users = workspace.Users.Sorted();
        }

        var buffer = new ArrayBufferWriter<byte>();
        foreach (var chunk in users.Chunk(LinesAtATime))
        {
            buffer.ResetWrittenCount();
            lock (workspace.Gate)
            {
                foreach (var user in chunk)
                {
                    WriteLine(buffer, workspace.Users.Names, user);
                }
            }

            yield return buffer.WrittenMemory;
        }
    }

    public static UsersDigest Digest(BrazeWorkspace workspace)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var lines in Lines(workspace))
        {
            hash.AppendData(lines.Span);
        }

        return new UsersDigest(workspace.UserCount, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static Comparer<User> Order { get; } = Comparer<User>.Create((x, y) => ByteKeys.Instance.Compare(x.Key, y.Key));

    private static void WriteLine(ArrayBufferWriter<byte> buffer, AttributeNames names, User user)
    {
        buffer.Write("{"u8);
        if (user.ExternalId is { } externalId)
        {
            WriteText(buffer, "\"external_id\":"u8, externalId);
        }

        if (user.Alias is var (label, name))
        {
            WriteText(buffer, "\"alias_label\":"u8, label);
            WriteText(buffer, "\"alias_name\":"u8, name);
        }

        buffer.Write("\"attributes\":{"u8);
        var isFirst = true;
        foreach (var (attribute, value) in ProfileJson.SortedValues(names, user.Attributes))
        {
            buffer.Write(isFirst ? ""u8 : ","u8);
            buffer.Write(CanonicalJson.OfText(attribute));
            buffer.Write(":"u8);
            buffer.Write(value);
            isFirst = false;
        }

        buffer.Write("}}\n"u8);
    }

    private static void WriteText(ArrayBufferWriter<byte> buffer, ReadOnlySpan<byte> name, string text)
    {
        buffer.Write(name);
        buffer.Write(CanonicalJson.OfText(text));
        buffer.Write(","u8);
    }

    private static SandboxUser View(UserStore store, User user)
    {
        var attributes = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var entry in new AttributeBlob(user.Attributes))
        {
            var reader = new Utf8JsonReader(entry.Value);
            attributes[store.Names[entry.Id]] = JsonElement.ParseValue(ref reader);
        }

        return new SandboxUser
        {
            ExternalId = user.ExternalId,
            AliasLabel = user.Alias?.Label,
            AliasName = user.Alias?.Name,
            BrazeId = store.BrazeIdOf(user),
            Attributes = attributes,
            Events = user.Events,
            Purchases = user.Purchases,
        };
    }
}
