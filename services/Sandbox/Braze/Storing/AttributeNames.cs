using System.Text;

namespace CustomerInsights.Sandbox.Braze.Storing;

/// <summary>Gives every attribute name a small number, so that a million users do not carry a million copies of it.</summary>
internal sealed class AttributeNames
{
    private readonly Dictionary<byte[], int> _ids = new(ByteKeys.Instance);
    private readonly Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly List<string> _names = [];

    public AttributeNames() => _lookup = _ids.GetAlternateLookup<ReadOnlySpan<byte>>();

    public int IdOf(ReadOnlySpan<byte> name)
    {
        if (!_lookup.TryGetValue(name, out var id))
        {
            id = _names.Count;
            _names.Add(Encoding.UTF8.GetString(name));
            _lookup[name] = id;
        }

        return id;
    }

    public string this[int id] => _names[id];

    /// <summary>The number of a name that somebody has used, or null.</summary>
    public int? Find(ReadOnlySpan<byte> name) => _lookup.TryGetValue(name, out var id) ? id : null;
}
