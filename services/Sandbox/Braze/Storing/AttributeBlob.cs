using System.Buffers;

namespace CustomerInsights.Sandbox.Braze.Storing;

/// <summary>
/// The attributes of one user in one byte string: name number, length, value as JSON text, repeated. Immutable; a
/// change makes a new one. Costs a tenth of a dictionary per user.
/// </summary>
internal readonly ref struct AttributeBlob(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public Enumerator GetEnumerator() => new(_bytes);

    /// <summary>The value as JSON text; empty when the user does not have the attribute.</summary>
    public ReadOnlySpan<byte> Find(int id)
    {
        foreach (var entry in this)
        {
            if (entry.Id == id)
            {
                return entry.Value;
            }
        }

        return [];
    }

    public static void Write(ArrayBufferWriter<byte> target, int id, ReadOnlySpan<byte> value)
    {
        WriteNumber(target, (uint)id);
        WriteNumber(target, (uint)value.Length);
        target.Write(value);
    }

    private static void WriteNumber(ArrayBufferWriter<byte> target, uint value)
    {
        var span = target.GetSpan(5);
        var length = 0;
        while (value >= 0x80)
        {
            span[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[length++] = (byte)value;
        target.Advance(length);
    }

    internal readonly ref struct Entry(int id, ReadOnlySpan<byte> value)
    {
        public int Id { get; } = id;

        public ReadOnlySpan<byte> Value { get; } = value;
    }

    internal ref struct Enumerator(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;

        public Entry Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }

            var id = (int)ReadNumber();
            var length = (int)ReadNumber();
            Current = new Entry(id, _rest[..length]);
            _rest = _rest[length..];
            return true;
        }

        private uint ReadNumber()
        {
            uint value = 0;
            for (var shift = 0; ; shift += 7)
            {
                var b = _rest[0];
                _rest = _rest[1..];
                value |= (uint)(b & 0x7F) << shift;
                if (b < 0x80)
                {
                    return value;
                }
            }
        }
    }
}
