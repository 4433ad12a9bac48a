using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CustomerInsights.Repository.Events;

/// <summary>protos/README.md, protos/Topics.cs, the messages and the code tell the same story.</summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class TopicsTests
{
    [Test]
    public void Topics_are_constants_in_the_past_tense_with_a_version() => Rule.Holds(Topics()
        .Where(t => !TopicShape().IsMatch(t.Value))
        .Select(t => $"protos/Topics.cs: {t.Name} = \"{t.Value}\"; a topic is \"<area>.<what-happened>.v<n>\"."));

    [Test]
    public void The_event_table_lists_every_topic_with_its_message()
    {
        var messages = Message().Matches(Checkout.Read("protos/customerinsights/events/v1/events.proto")).Select(m => m.Groups[1].Value).ToList();
        var rows = Rows().ToList();
        Rule.Holds(Topics().Where(t => rows.All(r => r.Topic != t.Value)).Select(t => $"protos/README.md: the table of events lacks {t.Value}.")
            .Concat(rows.Where(r => Topics().All(t => t.Value != r.Topic)).Select(r => $"protos/README.md: {r.Topic} is no constant of protos/Topics.cs."))
            .Concat(rows.Where(r => !messages.Contains(r.Message)).Select(r => $"protos/README.md: {r.Topic} names {r.Message}, which events.proto lacks."))
            .Concat(messages.Where(m => rows.All(r => r.Message != m)).Select(m => $"protos/README.md: no topic carries {m} of events.proto.")));
    }

    [Test]
    public void Publishers_and_subscribers_are_who_the_table_says() => Rule.Holds(
        from topic in Topics()
        join row in Rows() on topic.Value equals row.Topic
        from complaint in Compare(row.Topic, "publisher", row.Publishers, Uses(topic.Name, subscribing: false))
            .Concat(Compare(row.Topic, "subscriber", row.Subscribers, Uses(topic.Name, subscribing: true)))
        select complaint);

    private static IEnumerable<string> Compare(string topic, string role, IReadOnlyList<string> written, IReadOnlyList<string> found)
    {
        if (written.Count == 0)
        {
            yield return $"protos/README.md: {topic} has no {role}; name one, or say \"public\".";
        }

        foreach (var app in written.Except(found).Where(a => a != "public"))
        {
            yield return $"protos/README.md: {topic} names the {role} {app}, but its code does not use the topic so.";
        }

        foreach (var app in found.Except(written))
        {
            yield return $"protos/README.md: {topic} lacks the {role} {app}, whose code uses the topic so.";
        }
    }

    private static IReadOnlyList<string> Uses(string constant, bool subscribing) =>
    [
        .. from project in Layout.Project.Processes
           from file in SourceFile.Services
           where file.Path.StartsWith(project.Folder + "/", StringComparison.Ordinal)
           from use in file.Tree.DescendantNodes().OfType<MemberAccessExpressionSyntax>()
           where use.Name.Identifier.Text == constant && use.Expression.ToString() is "Topics" or "Contracts.Topics"
           where IsSubscription(use) == subscribing
           group use by project.AppId into byApp
           select byApp.Key,
    ];

    private static bool IsSubscription(MemberAccessExpressionSyntax use) => use.Ancestors().OfType<InvocationExpressionSyntax>()
        .Any(i => i.Expression is MemberAccessExpressionSyntax call && call.Name.Identifier.Text is "Subscribe" or "AddDestination");

    private static IEnumerable<(string Name, string Value)> Topics() => SourceFile.All.Single(f => f.Path == "protos/Topics.cs").Tree
        .DescendantNodes().OfType<VariableDeclaratorSyntax>()
        .Select(v => (v.Identifier.Text, ((LiteralExpressionSyntax)v.Initializer!.Value).Token.ValueText));

    private static IEnumerable<Row> Rows() => TableRow().Matches(Checkout.Read("protos/README.md"))
        .Select(m => new Row(m.Groups[1].Value, m.Groups[2].Value, Words(m.Groups[3].Value), Words(m.Groups[4].Value)));

    private static IReadOnlyList<string> Words(string cell) => [.. AppId().Matches(cell).Select(m => m.Groups[1].Value)];

    [GeneratedRegex(@"^[a-z-]+\.[a-z-]+ed\.v[0-9]+$")]
    private static partial Regex TopicShape();

    [GeneratedRegex(@"^message (\w+)", RegexOptions.Multiline)]
    private static partial Regex Message();

    [GeneratedRegex(@"^\| `([^`]+\.v[0-9]+)` \| `(\w+)` \| ([^|]*) \| ([^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"`([a-z-]+)`")]
    private static partial Regex AppId();

    private sealed record Row(string Topic, string Message, IReadOnlyList<string> Publishers, IReadOnlyList<string> Subscribers);
}
