using System.Buffers;
using System.Runtime.InteropServices;

namespace CustomerInsights.Sandbox.Braze.Tracking;

/// <summary>The three arrays of /users/track, in the order in which Braze handles them.</summary>
internal enum TrackArray
{
    Attributes,
    Events,
    Purchases,
}

/// <summary>What an object says it is about.</summary>
internal enum IdentifierKind
{
    None,
    ExternalId,
    Alias,
    BrazeId,
    Email,
    Phone,
}

/// <summary>A piece of the request body, or, when it had to be unescaped, of the batch's own buffer.</summary>
internal readonly record struct Slice(int Start, int Length, bool Unescaped);

/// <summary>One attribute of an object: its name, and its value as JSON text.</summary>
internal readonly record struct AttributeValue(Slice Name, Slice Value, bool IsObject, bool IsNull);

/// <summary>One object of a request, as parsed.</summary>
internal struct TrackedObject
{
    public TrackArray Array;

    /// <summary>Position within its array.</summary>
    public int Index;
    public IdentifierKind Identifier;
    public Slice Id;
    public Slice AliasLabel;
    public int FirstAttribute;
    public int AttributeCount;
    public bool? UpdateExistingOnly;

    /// <summary>Why it is rejected; null when it is fine.</summary>
    public string? Error;

    /// <summary>Rejected without telling which object it was.</summary>
    public bool ErrorUnindexed;
}

/// <summary>A parsed request body. Reused from request to request by the same thread; holds no memory of its own per object.</summary>
internal sealed class TrackBatch
{
    private readonly List<TrackedObject> _objects = [];
    private readonly List<AttributeValue> _values = [];
    private readonly ArrayBufferWriter<byte> _unescaped = new();
    private readonly int[] _counts = new int[3];
    private readonly bool[] _present = new bool[3];
    private ReadOnlyMemory<byte> _body;

    public Span<TrackedObject> Objects => CollectionsMarshal.AsSpan(_objects);

    public int CountOf(TrackArray array) => _counts[(int)array];

    public bool Has(TrackArray array) => _present[(int)array];

    public int NextAttribute => _values.Count;

    public ReadOnlySpan<AttributeValue> ValuesOf(in TrackedObject tracked) =>
        CollectionsMarshal.AsSpan(_values).Slice(tracked.FirstAttribute, tracked.AttributeCount);

    public ReadOnlySpan<byte> Bytes(Slice slice) => (slice.Unescaped ? _unescaped.WrittenSpan : _body.Span).Slice(slice.Start, slice.Length);

    public void Start(ReadOnlyMemory<byte> body)
    {
        _body = body;
        _objects.Clear();
        _values.Clear();
        _unescaped.ResetWrittenCount();
        System.Array.Clear(_counts);
        System.Array.Clear(_present);
    }

    public void StartArray(TrackArray array) => _present[(int)array] = true;

    public void Add(TrackedObject tracked)
    {
        tracked.Index = _counts[(int)tracked.Array]++;
        _objects.Add(tracked);
    }

    public void Add(AttributeValue value) => _values.Add(value);

    public Slice Keep(ReadOnlySpan<byte> unescaped)
    {
        var start = _unescaped.WrittenCount;
        _unescaped.Write(unescaped);
        return new Slice(start, unescaped.Length, Unescaped: true);
    }
}
