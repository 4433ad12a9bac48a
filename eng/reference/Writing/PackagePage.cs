using System.Text;
using CustomerInsights.Reference.Reading;

namespace CustomerInsights.Reference.Writing;

/// <summary>The page of one package: services first, then messages and enumerations, in the order of the files.</summary>
internal sealed class PackagePage(Package package, Links links)
{
    private readonly StringBuilder _page = new();

    public string Write()
    {
        Line($"# {package.Name}");
        Line($"Generated from `protos/{package.Name.Replace('.', '/')}/` by `eng/protos.sh generate`; edit the comments there. [All packages](README.md)");
        foreach (var service in package.Services)
        {
            WriteService(service);
        }

        if (package.Messages.Count > 0)
        {
            Line("## Messages");
            foreach (var message in package.Messages)
            {
                WriteMessage(message);
            }
        }

        if (package.Enumerations.Count > 0)
        {
            Line("## Enumerations");
            foreach (var enumeration in package.Enumerations)
            {
                WriteEnumeration(enumeration);
            }
        }

        return _page.ToString().TrimEnd('\n') + "\n";
    }

    private void WriteService(Service service)
    {
        Line($"## {service.Name}");
        WriteText(service.Comment);
        foreach (var method in service.Methods)
        {
            Line($"### {service.Name}.{method.Name}");
            Line($"{Streamed(method.StreamsRequests)}{links.To(method.Request, package)} → {Streamed(method.StreamsResponses)}{links.To(method.Response, package)}");
            WriteText(method.Comment);
            _page.AppendJoin('\n', method.Comment.Labels.Select(l => $"- **{l.Label}:** {Markdown.Escape(l.Text)}")).Append(method.Comment.Labels.Count > 0 ? "\n\n" : "");
        }
    }

    private void WriteMessage(Message message)
    {
        Line($"### {message.Name}");
        WriteText(message.Comment);
        if (message.Fields.Count == 0)
        {
            return;
        }

        Row("Field", "Type", "Meaning");
        Row("---", "---", "---");
        foreach (var field in message.Fields)
        {
            Row($"`{field.Name}` = {field.Number}", Type(field), Meaning(field));
        }

        _page.Append('\n');
    }

    private void WriteEnumeration(Enumeration enumeration)
    {
        Line($"### {enumeration.Name}");
        WriteText(enumeration.Comment);
        Row("Value", "Meaning");
        Row("---", "---");
        foreach (var value in enumeration.Values)
        {
            Row($"`{value.Name}` = {value.Number}", Inline(value.Comment));
        }

        _page.Append('\n');
    }

    private string Type(Field field)
    {
        var type = field.Type.IsScalar ? field.Type.Name : links.To(field.Type.Name, package);
        return field.Type.Key.Length > 0 ? $"map of {type} by {field.Type.Key}" : field.Label.Length > 0 ? $"{field.Label} {type}" : type;
    }

    private static string Meaning(Field field) => field.Choice.Length == 0
        ? Inline(field.Comment)
        : $"One of `{field.Choice}`{(field.ChoiceComment is { Text.Count: > 0 } about ? $" ({Inline(about).TrimEnd('.')})" : "")}. {Inline(field.Comment)}";

    private static string Streamed(bool isStream) => isStream ? "stream of " : "";

    private static string Inline(Comment comment) => Markdown.Escape(string.Join(' ', comment.Text));

    private void WriteText(Comment comment)
    {
        foreach (var paragraph in comment.Text)
        {
            Line(Markdown.Escape(paragraph));
        }
    }

    private void Line(string text) => _page.Append(text).Append("\n\n");

    private void Row(params ReadOnlySpan<string> cells) => _page.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
