using System.Buffers;
using System.Text.Unicode;
using CustomerInsights.Segments.Declaring;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Segments.Importing;

/// <summary>Profiles of a JSON-lines file: one object a line; an absent member means null.</summary>
internal sealed class JsonFile : IProfileFile
{
    private readonly LineReader _reader = new();
    private readonly JsonRowReader _rows;
    private bool _isComplete;

    public JsonFile(ImportMapping mapping)
    {
        KeyName = mapping.Schema.KeyAttribute;
        Attributes = [.. mapping.Columns.Values.Where(a => !mapping.Schema.IsKey(a))];
        _rows = new JsonRowReader(mapping, Attributes);
    }

    public IReadOnlyList<ProfileAttribute> Attributes { get; }

    public string KeyName { get; }

    public int KeyColumn => 0;

    public Refusal? Refusal { get; private set; }

    public void Append(ReadOnlySpan<byte> chunk) => _reader.Append(chunk);

    public void Complete()
    {
        _isComplete = true;
        _reader.Complete();
    }

    public IEnumerable<ProfileRow> ReadRows(ImportErrors errors)
    {
        while (_reader.TryRead())
        {
            if (ReadLine(errors) is { } row)
            {
                yield return row;
            }
        }

        Refusal = _isComplete && _reader.Line == 0 ? Refusal.Invalid("chunk", "The file is empty.") : null;
    }

    private ProfileRow? ReadLine(ImportErrors errors)
    {
        if (_reader.Bytes is not { } line)
        {
            errors.RejectRow(new ImportError(_reader.Line, 0, "", ImportReason.FieldTooLarge, "A line may have 4 MiB."));
            return null;
        }

        var bytes = line.Span.Trim(" \t\r"u8);
        if (bytes.IsEmpty)
        {
            return null;
        }

        if (!Utf8.IsValid(bytes))
        {
            errors.RejectRow(new ImportError(_reader.Line, FirstInvalid(line.Span) + 1, "", ImportReason.InvalidUtf8, "Not valid UTF-8."));
            return null;
        }

        return _rows.Read(line.Span, _reader.Line, errors);
    }

    private static int FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        var position = 0;
        while (System.Text.Rune.DecodeFromUtf8(bytes[position..], out _, out var length) is OperationStatus.Done)
        {
            position += length;
        }

        return position;
    }
}
