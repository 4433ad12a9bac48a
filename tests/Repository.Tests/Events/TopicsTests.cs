using System.Text.RegularExpressions;
using CustomerInsights.Contracts.Events.V1;

namespace CustomerInsights.Repository.Events;

/// <summary>protos/README.md, protos/Topics.cs, the messages and the code tell the same story, column by column.</summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class TopicsTests
{
    [Test]
    public void Topics_are_constants_in_the_past_tense_with_a_version() => Rule.Holds(EventTable.Topics
        .Where(t => !TopicShape().IsMatch(t.Value))
        .Select(t => $"protos/Topics.cs: {t.Name} = \"{t.Value}\"; a topic is \"<area>.<what-happened>.v<n>\"."));

    [Test]
    public void The_event_table_lists_every_topic_once_and_every_message()
    {
        var messages = EventsReflection.Descriptor.MessageTypes.Select(m => m.Name).ToList();
        var rows = EventTable.Rows;
        Rule.Holds(EventTable.Topics.Where(t => rows.Count(r => r.Topic == t.Value) != 1).Select(t => $"protos/README.md: the table of events must have one row for {t.Value}.")
            .Concat(rows.Where(r => EventTable.Topics.All(t => t.Value != r.Topic)).Select(r => $"protos/README.md: {r.Topic} is no constant of protos/Topics.cs."))
            .Concat(rows.Where(r => !messages.Contains(r.Message)).Select(r => $"protos/README.md: {r.Topic} names {r.Message}, which events.proto lacks."))
            .Concat(messages.Where(m => rows.All(r => r.Message != m)).Select(m => $"protos/README.md: no topic carries {m} of events.proto.")));
    }

    [Test]
    public void Topics_carry_the_message_that_the_table_says() => Rule.Holds(
        from topic in EventTable.Topics
        join row in EventTable.Rows on topic.Value equals row.Topic
        let code = EventCode.Messages(topic.Name).ToList()
        from complaint in code.Where(c => c.Message != row.Message).Select(c => $"{c.Place}: uses {c.Message} with {row.Topic}; the table in protos/README.md says {row.Message}.")
            .Concat(code.Count == 0 ? [$"protos/Topics.cs: no service publishes or reads {topic.Name}."] : [])
            .Concat(topic.Message != row.Message ? [$"protos/Topics.cs: the comment of {topic.Name} must say \"data is <see cref=\"Events.V1.{row.Message}\"/>\"."] : [])
        select complaint);

    [Test]
    public void Publishers_and_subscribers_are_who_the_table_says() => Rule.Holds(
        from topic in EventTable.Topics
        join row in EventTable.Rows on topic.Value equals row.Topic
        from complaint in Compare(row.Topic, "publisher", row.Publishers, EventCode.Users(topic.Name, subscribing: false))
            .Concat(Compare(row.Topic, "subscriber", row.Subscribers, EventCode.Users(topic.Name, subscribing: true)))
        select complaint);

    [Test]
    public async Task The_table_says_of_a_topic_what_its_message_says()
    {
        var messages = (await Contracts.Described.PackagesAsync()).Single(p => p.Name == EventsReflection.Descriptor.Package).Messages;
        Rule.Holds(
            from row in EventTable.Rows
            let comment = string.Join(' ', messages.Single(m => m.Name == row.Message).Comment.Text)
            where row.Says.Length == 0 || !Says(comment, row)
            select $"protos/README.md: says of {row.Topic} \"{row.Says}\"; the comment of {row.Message} in events.proto must begin with \"Data of `{row.Topic}`: {row.Says}.\"");
    }

    // Destinations have a topic each for the same message, which then speaks of `{destination}`.
    private static bool Says(string comment, EventRow row)
    {
        var begins = Regex.Match(comment, "^Data of `(?<topic>[^`]+)`: (?<says>.*)$");
        return begins.Success
            && Regex.IsMatch(row.Topic, $"^{Regex.Escape(begins.Groups["topic"].Value).Replace(@"\{destination}", "[a-z-]+", StringComparison.Ordinal)}$")
            && begins.Groups["says"].Value.StartsWith($"{row.Says}.", StringComparison.Ordinal);
    }

    private static IEnumerable<string> Compare(string topic, string role, IReadOnlyList<string> written, IReadOnlyList<string> found)
    {
        if (written.Count == 0)
        {
            yield return $"protos/README.md: {topic} has no {role}; name one, or say \"public\".";
        }

        foreach (var app in written.Except(found).Where(a => a != EventTable.Public))
        {
            yield return $"protos/README.md: {topic} names the {role} {app}, but its code does not use the topic so.";
        }

        foreach (var app in found.Except(written))
        {
            yield return $"protos/README.md: {topic} lacks the {role} {app}, whose code uses the topic so.";
        }
    }

    [GeneratedRegex(@"^[a-z-]+\.[a-z-]+ed\.v[0-9]+$")]
    private static partial Regex TopicShape();
}
