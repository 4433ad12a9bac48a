using CustomerInsights.Contracts.Events.V1;
using CustomerInsights.Contracts.Segments.V1;
using Google.Protobuf.Reflection;

namespace CustomerInsights.Repository.Events;

/// <summary>
/// Events go to whoever listens, so they carry ids, versions, counts and times, and nothing of a person. A new field
/// passes only with a name and a type that cannot hold more, or with a line here and a thought.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed class PersonalDataTests
{
    /// <summary>Texts: resource names, words from a fixed list, and who asked, as an id or the name of a program.</summary>
    private static readonly HashSet<string> Texts = ["name", "segment", "run", "export", "export_uid", "connection", "state", "reason", "requested_by"];

    [Test]
    public void No_event_can_carry_personal_data() => Rule.Holds(EventsReflection.Descriptor.MessageTypes.SelectMany(Violations));

    // Messages that do carry members must not pass.
    [Test]
    public void Fields_that_could_are_found() => Assert.Multiple(() =>
    {
        Assert.That(Violations(Member.Descriptor).Count(), Is.EqualTo(3));
        Assert.That(Violations(Profile.Descriptor).Count(), Is.EqualTo(2));
        Assert.That(Violations(MembershipPage.Descriptor).Count(), Is.EqualTo(4));
    });

    private static IEnumerable<string> Violations(MessageDescriptor message) => message.Fields.InDeclarationOrder()
        .Where(field => field.IsRepeated || !IsHarmless(field))
        .Select(field => $"events.proto: {message.Name}.{field.Name} could carry personal data; events have resource names, \"version\", \"…_count\" and \"…_time\". Send a reference to what holds it.");

    private static bool IsHarmless(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String => Texts.Contains(field.Name),
        FieldType.Int64 => field.Name == "version" || field.Name.EndsWith("_count", StringComparison.Ordinal),
        FieldType.Message => field.MessageType.FullName == "google.protobuf.Timestamp" && field.Name.EndsWith("_time", StringComparison.Ordinal),
        _ => false,
    };
}
