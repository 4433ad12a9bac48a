using System.Text;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

/// <summary>Says in the result file what became of the row that is being read.</summary>
internal sealed class ResultRows(ResultWriter writer, bool withResults, RowReader reader, BulkColumns columns)
{
    private readonly Dictionary<string, int> _sources = ResultWriter.Columns.ToDictionary(c => c, columns.Find);

    public bool HasErrors { get; private set; }

    /// <param name="id">The id of a list that the row has made; null otherwise.</param>
    public void Accept(long? id = null)
    {
        if (withResults)
        {
            Copy("", id, isIndexed: true, static (_, _) => default, code: 0);
        }
    }

    /// <param name="isIndexed">False leaves out what tells which item it was.</param>
    public void Reject(int code, bool isIndexed = true)
    {
        HasErrors = true;
        Copy("", id: null, isIndexed, static (_, _) => default, code);
        Copy(" Error", id: null, isIndexed, ResultWriter.ErrorField, code);
    }

    private void Copy(string suffix, long? id, bool isIndexed, ErrorFieldOf errorFieldOf, int code) => writer.WriteLine(column => column switch
    {
        "Type" when suffix.Length > 0 => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(reader.Field(columns.Type)) + suffix),
        "Id" when id is { } made => Encoding.UTF8.GetBytes(WireNumber.Text(made)),
        "Client Id" or "Text" when !isIndexed => default,
        _ when _sources[column] is >= 0 and var source => reader.Field(source),
        _ => errorFieldOf(column, code),
    });

    private delegate ReadOnlySpan<byte> ErrorFieldOf(string column, int code);
}
