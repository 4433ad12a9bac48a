using System.Buffers;
using System.Collections.ObjectModel;
using System.Text;

namespace Grpc.Core;

/// <summary>
/// Headers or trailers of a call: an ordered list in which a key may repeat. Keys are lower case; a key that ends in "-bin" has a binary value.
/// </summary>
public sealed class Metadata : Collection<Metadata.Entry>, IList<Metadata.Entry>
{
    public const string BinaryHeaderSuffix = "-bin";

    /// <summary>A list without entries that can't be changed.</summary>
    public static readonly Metadata Empty = new() { IsReadOnly = true };

    public bool IsReadOnly { get; private init; }

    public void Add(string key, string value) => Add(new Entry(key, value));

    public void Add(string key, byte[] valueBytes) => Add(new Entry(key, valueBytes));

    /// <summary>The last entry with the key, or null.</summary>
    public Entry? Get(string key)
    {
        for (var i = Count - 1; i >= 0; i--)
        {
            if (string.Equals(this[i].Key, key, StringComparison.OrdinalIgnoreCase))
            {
                return this[i];
            }
        }

        return null;
    }

    /// <summary>The text of the last entry with the key, or null.</summary>
    public string? GetValue(string key) => Get(key)?.Value;

    /// <summary>The bytes of the last entry with the key, or null.</summary>
    public byte[]? GetValueBytes(string key) => Get(key)?.ValueBytes;

    public IEnumerable<Entry> GetAll(string key) => this.Where(entry => string.Equals(entry.Key, key, StringComparison.OrdinalIgnoreCase));

    protected override void InsertItem(int index, Entry item) => base.InsertItem(Writable(index), Given(item));

    protected override void SetItem(int index, Entry item) => base.SetItem(Writable(index), Given(item));

    protected override void RemoveItem(int index) => base.RemoveItem(Writable(index));

    protected override void ClearItems()
    {
        Writable(0);
        base.ClearItems();
    }

    private static Entry Given(Entry? item) => item ?? throw new ArgumentNullException(nameof(item));

    private int Writable(int index) => IsReadOnly ? throw new InvalidOperationException("This metadata can't be changed.") : index;

    /// <summary>One key with its value.</summary>
    public sealed class Entry
    {
        private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_-.");

        private readonly string? _text;
        private readonly byte[]? _bytes;

        /// <exception cref="ArgumentException">The key has a foreign character or ends in "-bin", or the value isn't printable ASCII.</exception>
        public Entry(string key, string value)
        {
            ArgumentNullException.ThrowIfNull(value);
            Key = CheckedKey(key);
            if (IsBinary)
            {
                throw new ArgumentException($"The key '{key}' ends in '{BinaryHeaderSuffix}', so its value must be bytes.", nameof(key));
            }

            // Neither Kestrel nor HttpClient sends anything else; refused here, the mistake shows where it was made.
            if (value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                throw new ArgumentException($"The value of '{key}' has a character outside printable ASCII; use a key that ends in '{BinaryHeaderSuffix}'.", nameof(value));
            }

            _text = value;
        }

        /// <exception cref="ArgumentException">The key has a foreign character or doesn't end in "-bin".</exception>
        public Entry(string key, byte[] valueBytes)
        {
            ArgumentNullException.ThrowIfNull(valueBytes);
            Key = CheckedKey(key);
            if (!IsBinary)
            {
                throw new ArgumentException($"The key '{key}' must end in '{BinaryHeaderSuffix}' to have bytes as value.", nameof(key));
            }

            _bytes = valueBytes.AsSpan().ToArray();
        }

        private Entry(string key, string? text, byte[]? bytes)
        {
            Key = key;
            _text = text;
            _bytes = bytes;
        }

        public string Key { get; }

        public string Value => _text ?? throw new InvalidOperationException("The value is binary.");

        /// <summary>A copy of the value's bytes.</summary>
        public byte[] ValueBytes => _bytes?.AsSpan().ToArray() ?? Encoding.ASCII.GetBytes(_text!);

        public bool IsBinary => Key.EndsWith(BinaryHeaderSuffix, StringComparison.Ordinal);

        internal ReadOnlySpan<byte> Bytes => _bytes;

        public override string ToString() => IsBinary ? $"[Entry: key={Key}, valueBytes={Convert.ToHexString(_bytes!)}]" : $"[Entry: key={Key}, value={_text}]";

        /// <summary>An entry off the wire, taken as the peer sent it; the key is lower case already.</summary>
        internal static Entry Received(string key, string text) => new(key, text, null);

        /// <summary>An entry off the wire, taken as the peer sent it; the key is lower case already.</summary>
        internal static Entry Received(string key, byte[] bytes) => new(key, null, bytes);

        private static string CheckedKey(string key)
        {
            ArgumentException.ThrowIfNullOrEmpty(key);
            var lower = key.ToLowerInvariant();
            return lower.AsSpan().ContainsAnyExcept(KeyCharacters)
                ? throw new ArgumentException($"The key '{key}' may have only letters, digits and the characters _ - .", nameof(key))
                : lower;
        }
    }
}
