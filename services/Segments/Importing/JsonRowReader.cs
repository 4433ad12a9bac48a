using System.Text.Json;
using CustomerInsights.Segments.Declaring;

namespace CustomerInsights.Segments.Importing;

/// <summary>Reads one profile from one JSON object.</summary>
internal sealed class JsonRowReader(ImportMapping mapping, IReadOnlyList<ProfileAttribute> attributes)
{
    private readonly Dictionary<string, int> _roles = mapping.Columns.ToDictionary(
        c => c.Key,
        c => mapping.Schema.IsKey(c.Value) ? CsvLayout.Key : attributes.ToList().IndexOf(c.Value),
        StringComparer.OrdinalIgnoreCase);

    private readonly HashSet<int> _seen = [];
    private readonly List<ImportError> _found = [];
    private Scalar[] _values = [];
    private string? _id;
    private bool _isDeleted;
    private bool _isMalformed;
    private long _line;

    /// <summary>The row, or null when it was rejected.</summary>
    public ProfileRow? Read(ReadOnlySpan<byte> json, long line, ImportErrors errors)
    {
        _seen.Clear();
        _found.Clear();
        (_values, _id, _isDeleted, _isMalformed, _line) = (new Scalar[attributes.Count], null, false, false, line);
        ReadObject(json);
        if (!_isMalformed && string.IsNullOrWhiteSpace(_id) && !_found.Exists(e => e.Field == mapping.Schema.KeyAttribute))
        {
            _found.Add(new ImportError(line, 0, mapping.Schema.KeyAttribute, ImportReason.MissingKey, "The customer id is required."));
        }

        if (_isDeleted && !_isMalformed)
        {
            // A profile that goes away needs no good values.
            _found.RemoveAll(e => e.Field != mapping.Schema.KeyAttribute);
        }

        if (_found.Count == 0)
        {
            return new ProfileRow(line, _id!, _isDeleted, _values);
        }

        _found.ForEach(errors.Add);
        errors.RejectRow();
        return null;
    }

    private void ReadObject(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        try
        {
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
            {
                Malformed(reader.TokenStartIndex, "The line must hold one JSON object.");
                return;
            }

            while (!_isMalformed && reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                ReadMember(ref reader);
            }

            // Whatever follows the object makes this throw.
            _ = _isMalformed || reader.Read();
        }
        catch (JsonException malformed)
        {
            Malformed(malformed.BytePositionInLine ?? reader.BytesConsumed, "Not valid JSON.");
        }
        catch (InvalidOperationException)
        {
            // What the reader throws for half of a surrogate pair in an escape.
            Malformed(reader.TokenStartIndex, "The text holds an escape that is no character.");
        }
    }

    private void ReadMember(ref Utf8JsonReader reader)
    {
        var at = reader.TokenStartIndex;
        var name = reader.GetString()!;
        reader.Read();
        var isDeleteMark = mapping.IsDeleteColumn(name);
        var role = isDeleteMark ? CsvLayout.DeleteMark : _roles.GetValueOrDefault(name, CsvLayout.Ignored);
        if (role == CsvLayout.Ignored)
        {
            if (!mapping.IsExplicit)
            {
                Fail(at, "", ImportReason.UnknownAttribute, "The member has the name of no attribute. Declare it, or choose the columns to read.");
            }

            reader.Skip();
            return;
        }

        if (!_seen.Add(role))
        {
            Malformed(at, "The member is given twice.");
            return;
        }

        if (isDeleteMark)
        {
            ReadDeleteMark(ref reader);
        }
        else
        {
            ReadValue(ref reader, role);
        }

        reader.Skip();
    }

    private void ReadDeleteMark(ref Utf8JsonReader reader)
    {
        var mark = reader.TokenType switch
        {
            JsonTokenType.True => (bool?)true,
            JsonTokenType.False or JsonTokenType.Null => false,
            JsonTokenType.String => FileText.ReadBoolean(reader.GetString()!),
            JsonTokenType.Number => reader.ValueSpan.SequenceEqual("1"u8) ? true : reader.ValueSpan.SequenceEqual("0"u8) ? false : null,
            _ => null,
        };
        _isDeleted = mark ?? false;
        if (mark is null)
        {
            Fail(reader.TokenStartIndex, "", ImportReason.InvalidValue, "The mark for deletion must be true or false.");
        }
    }

    private void ReadValue(ref Utf8JsonReader reader, int role)
    {
        if (role == CsvLayout.Key)
        {
            ReadId(ref reader);
            return;
        }

        var attribute = attributes[role];
        var (value, reason, message) = Value(ref reader, attribute.Kind);
        _values[role] = value;
        if (reason is not null)
        {
            Fail(reader.TokenStartIndex, attribute.Name, reason, message);
        }
    }

    private void ReadId(ref Utf8JsonReader reader)
    {
        _id = reader.TokenType is JsonTokenType.String ? reader.GetString() : null;
        var problem = _id is null ? "must be a string." : ProfileValue.IdProblem(_id);
        if (problem is not null)
        {
            var isMissing = reader.TokenType is JsonTokenType.Null || (_id is not null && string.IsNullOrWhiteSpace(_id));
            var reason = isMissing ? ImportReason.MissingKey : ImportReason.InvalidValue;
            Fail(reader.TokenStartIndex, mapping.Schema.KeyAttribute, reason, "The customer id " + problem);
        }
    }

    private static (Scalar Value, string? Reason, string Message) Value(ref Utf8JsonReader reader, AttributeKind kind) => (reader.TokenType, kind) switch
    {
        (JsonTokenType.Null, _) => (Scalar.Null, null, ""),
        (JsonTokenType.String, AttributeKind.String) => FileText.ReadString(reader.GetString()!),
        (JsonTokenType.String, AttributeKind.Date) => FileText.Read(reader.GetString()!, kind),
        (JsonTokenType.Number, AttributeKind.Number) when reader.TryGetDouble(out var number) && double.IsFinite(number) => (Scalar.Of(number), null, ""),
        (JsonTokenType.True or JsonTokenType.False, AttributeKind.Boolean) => (Scalar.Of(reader.GetBoolean()), null, ""),
        _ => FileText.Invalid($"The value must be a JSON {(kind is AttributeKind.Date ? "string with a date" : kind.ToString().ToLowerInvariant())}."),
    };

    private void Malformed(long position, string message)
    {
        _isMalformed = true;
        _found.Clear();
        Fail(position, "", ImportReason.InvalidJson, message);
    }

    private void Fail(long position, string field, string reason, string message) =>
        _found.Add(new ImportError(_line, (int)Math.Min(position + 1, int.MaxValue), field, reason, message));
}
