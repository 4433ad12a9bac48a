using CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Applying;

/// <summary>Hashes packed for the journal: 32 bytes each.</summary>
internal static class JournalHashes
{
    public static byte[] Encode(ReadOnlySpan<HashedAddress> hashes)
    {
        var packed = new byte[hashes.Length * HashedAddress.Size];
        for (var i = 0; i < hashes.Length; i++)
        {
            hashes[i].CopyTo(packed.AsSpan(i * HashedAddress.Size));
        }

        return packed;
    }

    public static List<string> Decode(ReadOnlySpan<byte> packed)
    {
        var hashes = new List<string>(packed.Length / HashedAddress.Size);
        for (; !packed.IsEmpty; packed = packed[HashedAddress.Size..])
        {
            hashes.Add(Convert.ToHexStringLower(packed[..HashedAddress.Size]));
        }

        return hashes;
    }
}
