using Google.Protobuf.Reflection;

namespace CustomerInsights.Reference.Reading;

/// <summary>A comment: paragraphs, then what its labelled lines say ("Needs: viewer.").</summary>
/// <param name="Text">Paragraphs, each on one line.</param>
/// <param name="Labels">Label and text, in the order of the file.</param>
internal sealed record Comment(IReadOnlyList<string> Text, IReadOnlyList<(string Label, string Text)> Labels)
{
    /// <summary>Labels that methods have, in this order: who may, what a repeat does, how it fails.</summary>
    public static IReadOnlyList<string> Known { get; } = ["Needs", "Repeating", "Errors"];

    /// <summary>The text behind a label; empty when the comment lacks it.</summary>
    public string Behind(string label) => Labels.FirstOrDefault(l => l.Label == label).Text ?? "";

    /// <summary>Reads a comment as descriptors carry it: a blank before each line, lines that go on where they were broken.</summary>
    public static Comment Parse(string comment)
    {
        var text = new List<string>();
        var labels = new List<(string Label, string Text)>();
        var isNew = true;
        foreach (var line in comment.Split('\n').Select(line => line.Trim()))
        {
            var label = Known.FirstOrDefault(known => line.StartsWith($"{known}: ", StringComparison.Ordinal));
            if (label is not null)
            {
                labels.Add((label, line[(label.Length + 2)..]));
            }
            else if (line.Length > 0 && labels.Count > 0)
            {
                labels[^1] = (labels[^1].Label, $"{labels[^1].Text} {line}");
            }
            else if (line.Length > 0 && isNew)
            {
                text.Add(line);
            }
            else if (line.Length > 0)
            {
                text[^1] = $"{text[^1]} {line}";
            }

            isNew = line.Length == 0;
        }

        return new Comment(text, labels);
    }
}

/// <summary>The comments of one file, by the place of what they stand before.</summary>
internal sealed class Comments(SourceCodeInfo source)
{
    private readonly Dictionary<string, Comment> _byPath = source.Location
        .Where(location => location.HasLeadingComments)
        .ToDictionary(location => string.Join('.', location.Path), location => Comment.Parse(location.LeadingComments));

    public Comment Of(IReadOnlyList<int> path) => _byPath.GetValueOrDefault(string.Join('.', path)) ?? new Comment([], []);
}
