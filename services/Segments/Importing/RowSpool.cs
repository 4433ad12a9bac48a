using CustomerInsights.Segments.Declaring;
using CustomerInsights.ServiceDefaults.Spooling;

namespace CustomerInsights.Segments.Importing;

/// <summary>
/// Keeps the good rows of a file until it has arrived as a whole: no transaction stays open for as long as a client takes
/// to send, and a stream that breaks off leaves nothing behind.
/// </summary>
internal sealed class RowSpool : IDisposable
{
    private const int BufferSize = 256 * 1024;

    private readonly FileStream _file;
    private readonly BinaryWriter _writer;

    public RowSpool(string folder)
    {
        _file = SpoolFile.Open(folder, BufferSize);
        _writer = new BinaryWriter(_file);
    }

    /// <summary>Bytes spooled so far.</summary>
    public long Length => _file.Position;

    public void Add(ProfileRow row)
    {
        _writer.Write7BitEncodedInt64(row.Line);
        _writer.Write(row.Id);
        _writer.Write(row.IsDeleted);
        _writer.Write7BitEncodedInt(row.Values.Length);
        foreach (var value in row.Values)
        {
            Write(value);
        }
    }

    /// <summary>All rows, from the first; can be asked for again.</summary>
    public IEnumerable<ProfileRow> Read()
    {
        _writer.Flush();
        _file.Position = 0;
        var reader = new BinaryReader(_file);
        var end = _file.Length;
        while (_file.Position < end)
        {
            var line = reader.Read7BitEncodedInt64();
            var id = reader.ReadString();
            var isDeleted = reader.ReadBoolean();
            var values = new Scalar[reader.Read7BitEncodedInt()];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = ReadValue(reader);
            }

            yield return new ProfileRow(line, id, isDeleted, values);
        }
    }

    public void Dispose()
    {
        _writer.Dispose();
        _file.Dispose();
    }

    private void Write(Scalar value)
    {
        _writer.Write((byte)(value.Kind ?? 0));
        switch (value.Kind)
        {
            case AttributeKind.String:
                _writer.Write(value.Text!);
                break;
            case AttributeKind.Number:
                _writer.Write(value.Number);
                break;
            case AttributeKind.Date:
                _writer.Write(value.Microseconds);
                break;
            case AttributeKind.Boolean:
                _writer.Write(value.Boolean);
                break;
        }
    }

    private static Scalar ReadValue(BinaryReader reader) => (AttributeKind)reader.ReadByte() switch
    {
        AttributeKind.String => Scalar.Of(reader.ReadString()),
        AttributeKind.Number => Scalar.Of(reader.ReadDouble()),
        AttributeKind.Date => Scalar.OfDate(reader.ReadInt64()),
        AttributeKind.Boolean => Scalar.Of(reader.ReadBoolean()),
        _ => Scalar.Null,
    };
}
