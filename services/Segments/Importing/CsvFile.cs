using CustomerInsights.Segments.Declaring;
using CustomerInsights.ServiceDefaults.Errors;

namespace CustomerInsights.Segments.Importing;

/// <summary>Profiles of a CSV file: a header line, then a profile a row.</summary>
internal sealed class CsvFile(ImportMapping mapping) : IProfileFile
{
    private readonly CsvReader _reader = new();
    private readonly CsvRow _row = new();
    private CsvLayout? _layout;
    private bool _isComplete;

    public IReadOnlyList<ProfileAttribute> Attributes => _layout?.Attributes ?? [];

    public string KeyName => mapping.Schema.KeyAttribute;

    public int KeyColumn => _layout is null ? 0 : _layout.Roles.ToList().IndexOf(CsvLayout.Key) + 1;

    public Refusal? Refusal { get; private set; }

    public void Append(ReadOnlySpan<byte> chunk) => _reader.Append(chunk);

    public void Complete()
    {
        _isComplete = true;
        _reader.Complete();
    }

    public IEnumerable<ProfileRow> ReadRows(ImportErrors errors)
    {
        if (Refusal is not null || (_layout is null && !TryReadHeader()))
        {
            yield break;
        }

        while (_reader.TryRead(_row))
        {
            if (ReadRow(errors) is { } row)
            {
                yield return row;
            }
        }
    }

    private bool TryReadHeader()
    {
        if (!_reader.TryRead(_row))
        {
            Refusal = _isComplete ? Refusal.Invalid("chunk", "The file is empty; its first line must name the columns.") : null;
            return false;
        }

        var layout = CsvLayout.Read(_row, mapping);
        Refusal = layout.Refusal;
        _layout = Refusal is null ? layout.Value : null;
        return _layout is not null;
    }

    private ProfileRow? ReadRow(ImportErrors errors)
    {
        var roles = _layout!.Roles;
        if (_row.Error is null && _row.FieldCount != roles.Count)
        {
            var column = Math.Min(_row.FieldCount, roles.Count) + 1;
            var message = $"The row has {_row.FieldCount} columns, the header {roles.Count}.";
            errors.RejectRow(new ImportError(_row.Line, column, "", ImportReason.WrongColumnCount, message));
            return null;
        }

        if (_row.Error is { } error)
        {
            errors.RejectRow(error with { Field = NameOf(error.Column - 1) });
            return null;
        }

        var found = new List<ImportError>(0);
        var values = new Scalar[_layout.Attributes.Count];
        var (id, isDeleted) = ReadIdentity(roles, found);
        if (isDeleted is false)
        {
            ReadValues(roles, values, found);
        }

        if (found.Count == 0)
        {
            return new ProfileRow(_row.Line, id, isDeleted!.Value, values);
        }

        found.ForEach(errors.Add);
        errors.RejectRow();
        return null;
    }

    private (string Id, bool? IsDeleted) ReadIdentity(IReadOnlyList<int> roles, List<ImportError> found)
    {
        var id = "";
        bool? isDeleted = false;
        for (var i = 0; i < roles.Count; i++)
        {
            if (roles[i] == CsvLayout.Key)
            {
                id = ReadId(i, found);
            }
            else if (roles[i] == CsvLayout.DeleteMark && !_row.IsEmpty(i))
            {
                isDeleted = _row.Text(i) is { } text ? FileText.ReadBoolean(text) : null;
                if (isDeleted is null)
                {
                    found.Add(Error(i, "", ImportReason.InvalidValue, "The mark for deletion must be true, false, 1 or 0."));
                }
            }
        }

        return (id, isDeleted);
    }

    private string ReadId(int column, List<ImportError> found)
    {
        if (_row.Text(column) is not { } id)
        {
            found.Add(Error(column, KeyName, ImportReason.InvalidUtf8, "Not valid UTF-8."));
            return "";
        }

        if (ProfileValue.IdProblem(id) is { } problem)
        {
            var isMissing = string.IsNullOrWhiteSpace(id);
            found.Add(Error(column, KeyName, isMissing ? ImportReason.MissingKey : ImportReason.InvalidValue, "The customer id " + problem));
        }

        return id;
    }

    private void ReadValues(IReadOnlyList<int> roles, Scalar[] values, List<ImportError> found)
    {
        for (var i = 0; i < roles.Count; i++)
        {
            if (roles[i] < 0)
            {
                continue;
            }

            var attribute = _layout!.Attributes[roles[i]];
            if (_row.Text(i) is not { } text)
            {
                found.Add(Error(i, attribute.Name, ImportReason.InvalidUtf8, "Not valid UTF-8."));
                continue;
            }

            var (value, reason, message) = FileText.Read(text, attribute.Kind);
            values[roles[i]] = value;
            if (reason is not null)
            {
                found.Add(Error(i, attribute.Name, reason, message));
            }
        }
    }

    private string NameOf(int field)
    {
        var role = field >= 0 && field < _layout!.Roles.Count ? _layout.Roles[field] : CsvLayout.Ignored;
        return role == CsvLayout.Key ? KeyName : role >= 0 ? _layout!.Attributes[role].Name : "";
    }

    private ImportError Error(int field, string name, string reason, string message) => new(_row.Line, field + 1, name, reason, message);
}
