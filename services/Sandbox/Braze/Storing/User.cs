using System.Text;

namespace CustomerInsights.Sandbox.Braze.Storing;

/// <summary>One profile. Everything about who it is sits in the key; everything known about it in the blob.</summary>
internal sealed class User(byte[] key, int sequence)
{
    /// <summary>Kind of identity in the first byte, then the identity: an order over all users.</summary>
    public byte[] Key { get; } = key;

    /// <summary>Position in the order of creation, from 0; the stand-in's Braze id is made of it.</summary>
    public int Sequence { get; } = sequence;

    /// <summary>See <see cref="AttributeBlob"/>. Replaced as a whole, never written into.</summary>
    public byte[] Attributes { get; set; } = [];

    /// <summary>Number of the write that touched the user last.</summary>
    public long LastWrite { get; set; }

    public int Events { get; set; }

    public int Purchases { get; set; }

    public string? ExternalId => Key[0] == UserKey.ExternalId ? Encoding.UTF8.GetString(Key, 1, Key.Length - 1) : null;

    public (string Label, string Name)? Alias
    {
        get
        {
            if (Key[0] != UserKey.Alias)
            {
                return null;
            }

            var rest = Key.AsSpan(1);
            var end = rest.IndexOf((byte)0);
            return (Encoding.UTF8.GetString(rest[..end]), Encoding.UTF8.GetString(rest[(end + 1)..]));
        }
    }
}

/// <summary>How identities become keys: sorted, users with an external id come first, then alias users, then nameless ones.</summary>
internal static class UserKey
{
    public const byte ExternalId = (byte)'a';
    public const byte Alias = (byte)'b';
    public const byte Nameless = (byte)'c';

    public static byte[] OfExternalId(string externalId) => [ExternalId, .. Encoding.UTF8.GetBytes(externalId)];

    public static byte[] OfAlias(string label, string name) => [Alias, .. Encoding.UTF8.GetBytes(label), 0, .. Encoding.UTF8.GetBytes(name)];

    public static byte[] OfNameless(int sequence) => [Nameless, .. Encoding.UTF8.GetBytes(sequence.ToString("D10", System.Globalization.CultureInfo.InvariantCulture))];
}
