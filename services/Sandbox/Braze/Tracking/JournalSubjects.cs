using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using CustomerInsights.Sandbox.Braze.Controlling;

namespace CustomerInsights.Sandbox.Braze.Tracking;

/// <summary>Whom a request was about, packed for the journal: per object a head (kind, rejected or not), then length-prefixed texts.</summary>
internal static class JournalSubjects
{
    private const byte RejectedBit = 0x80;
    private const int TypicalSize = 24;

    public static byte[] Encode(TrackBatch batch)
    {
        var buffer = new ArrayBufferWriter<byte>((batch.Objects.Length + 1) * TypicalSize);
        foreach (ref readonly var tracked in batch.Objects)
        {
            buffer.Write([(byte)((byte)tracked.Identifier | (tracked.Error is null ? 0 : RejectedBit))]);
            WriteText(buffer, batch.Bytes(tracked.Id));
            if (tracked.Identifier == IdentifierKind.Alias)
            {
                WriteText(buffer, batch.Bytes(tracked.AliasLabel));
            }
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static List<JournalSubject> Decode(ReadOnlySpan<byte> encoded)
    {
        var subjects = new List<JournalSubject>();
        while (!encoded.IsEmpty)
        {
            var head = encoded[0];
            encoded = encoded[1..];
            var kind = (IdentifierKind)(head & ~RejectedBit);
            var id = ReadText(ref encoded);
            var label = kind == IdentifierKind.Alias ? ReadText(ref encoded) : null;
            subjects.Add(new JournalSubject
            {
                ExternalId = kind == IdentifierKind.ExternalId ? id : null,
                AliasName = kind == IdentifierKind.Alias ? id : null,
                AliasLabel = label,
                BrazeId = kind == IdentifierKind.BrazeId ? id : null,
                Email = kind == IdentifierKind.Email ? id.Trim('"') : null,
                Phone = kind == IdentifierKind.Phone ? id.Trim('"') : null,
                Rejected = (head & RejectedBit) != 0,
            });
        }

        return subjects;
    }

    private static void WriteText(ArrayBufferWriter<byte> buffer, ReadOnlySpan<byte> text)
    {
        var kept = text[..Math.Min(text.Length, ushort.MaxValue)];
        BinaryPrimitives.WriteUInt16LittleEndian(buffer.GetSpan(sizeof(ushort)), (ushort)kept.Length);
        buffer.Advance(sizeof(ushort));
        buffer.Write(kept);
    }

    private static string ReadText(ref ReadOnlySpan<byte> encoded)
    {
        var length = BinaryPrimitives.ReadUInt16LittleEndian(encoded);
        var text = Encoding.UTF8.GetString(encoded.Slice(sizeof(ushort), length));
        encoded = encoded[(sizeof(ushort) + length)..];
        return text;
    }
}
