using System.Text;

namespace CustomerInsights.Quickstart.Walking;

/// <summary>The column names of a CSV file, as the import understands them: without blanks around them.</summary>
internal static class CsvHeader
{
    // Only the first line, to name the attributes; the import judges the file, and reports what is wrong with line and column.
    public static IReadOnlyList<string> Read(string path)
    {
        using var reader = new StreamReader(path, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: true);
        return [.. ReadColumns(reader).Select(column => column.Trim())];
    }

    private static List<string> ReadColumns(StreamReader reader)
    {
        var columns = new List<string>();
        var column = new StringBuilder();
        var quoted = false;
        while (reader.Read() is var code and >= 0)
        {
            var c = (char)code;
            if (c == '"' && !(quoted && reader.Peek() == '"'))
            {
                quoted = !quoted;
            }
            else if (c == '"')
            {
                column.Append((char)reader.Read());
            }
            else if (quoted || c is not (',' or '\r' or '\n'))
            {
                column.Append(c);
            }
            else if (c == ',')
            {
                columns.Add(column.ToString());
                column.Clear();
            }
            else
            {
                break;
            }
        }

        return [.. columns, column.ToString()];
    }
}
