using Google.Protobuf.Reflection;

namespace CustomerInsights.Reference.Reading;

/// <summary>Reads messages and enumerations, nested ones after those they are nested in.</summary>
internal sealed class MessageReader
{
    private const int FieldField = 2;
    private const int NestedField = 3;
    private const int NestedEnumField = 4;
    private const int ChoiceField = 8;
    private readonly List<Message> _messages = [];
    private readonly List<Enumeration> _enumerations = [];

    public IReadOnlyList<Message> Messages => _messages;

    public IReadOnlyList<Enumeration> Enumerations => _enumerations;

    /// <summary>Adds a message and what is nested in it.</summary>
    /// <param name="outer">"" or "Outer.".</param>
    public void Add(string outer, DescriptorProto message, Comments comments, IReadOnlyList<int> path)
    {
        var maps = message.NestedType.Where(nested => nested.Options?.MapEntry == true).ToDictionary(nested => nested.Name);
        _messages.Add(new Message(
            outer + message.Name, comments.Of(path), [.. message.Field.Select((field, i) => ReadField(message, i, maps, comments, path))]));
        for (var i = 0; i < message.NestedType.Count; i++)
        {
            if (!maps.ContainsKey(message.NestedType[i].Name))
            {
                Add($"{outer}{message.Name}.", message.NestedType[i], comments, [.. path, NestedField, i]);
            }
        }

        for (var i = 0; i < message.EnumType.Count; i++)
        {
            Add($"{outer}{message.Name}.", message.EnumType[i], comments, [.. path, NestedEnumField, i]);
        }
    }

    public void Add(string outer, EnumDescriptorProto enumeration, Comments comments, IReadOnlyList<int> path) => _enumerations.Add(new Enumeration(
        outer + enumeration.Name,
        comments.Of(path),
        [.. enumeration.Value.Select((value, i) => new EnumerationValue(value.Name, value.Number, comments.Of([.. path, 2, i])))]));

    private static Field ReadField(
        DescriptorProto message, int index, Dictionary<string, DescriptorProto> maps, Comments comments, IReadOnlyList<int> path)
    {
        var field = message.Field[index];
        var isChoice = field.HasOneofIndex && !field.Proto3Optional;
        var isFirst = isChoice && message.Field.First(f => f.HasOneofIndex && f.OneofIndex == field.OneofIndex) == field;
        var map = field.Label is FieldDescriptorProto.Types.Label.Repeated ? maps.GetValueOrDefault(field.TypeName.Split('.')[^1]) : null;
        var label = map is not null ? "" : field.Proto3Optional ? "optional" : field.Label is FieldDescriptorProto.Types.Label.Repeated ? "repeated" : "";
        return new Field(
            field.Name,
            field.Number,
            label,
            map is null ? TypeOf(field) : TypeOf(map.Field[1]) with { Key = TypeOf(map.Field[0]).Name },
            comments.Of([.. path, FieldField, index]),
            isChoice ? message.OneofDecl[field.OneofIndex].Name : "",
            isFirst ? comments.Of([.. path, ChoiceField, field.OneofIndex]) : null);
    }

    private static FieldType TypeOf(FieldDescriptorProto field) => field.TypeName.Length > 0
        ? new FieldType(field.TypeName[1..], IsScalar: false)
        : new FieldType(field.Type.ToString().ToLowerInvariant(), IsScalar: true);
}
