using Google.Protobuf.Reflection;

namespace CustomerInsights.Reference.Reading;

/// <summary>One package: what a client reads together.</summary>
internal sealed record Package(string Name, IReadOnlyList<Service> Services, IReadOnlyList<Message> Messages, IReadOnlyList<Enumeration> Enumerations);

/// <summary>A service with its methods in the order of the file.</summary>
internal sealed record Service(string Name, Comment Comment, IReadOnlyList<Method> Methods);

/// <summary>A method. Types are full names without the leading dot.</summary>
internal sealed record Method(string Name, Comment Comment, string Request, bool StreamsRequests, string Response, bool StreamsResponses);

/// <summary>A message.</summary>
/// <param name="Name">Relative to the package: "Outer.Inner" when nested.</param>
internal sealed record Message(string Name, Comment Comment, IReadOnlyList<Field> Fields);

/// <summary>A field.</summary>
/// <param name="Label">"repeated", "optional", or empty.</param>
/// <param name="Choice">The oneof it belongs to; empty when it belongs to none.</param>
/// <param name="ChoiceComment">What the oneof says; only with the first field of it.</param>
internal sealed record Field(string Name, int Number, string Label, FieldType Type, Comment Comment, string Choice, Comment? ChoiceComment);

/// <summary>Type of a field: a scalar, a full name, or a map of both.</summary>
/// <param name="Key">Type of the keys of a map; empty when it is none.</param>
internal sealed record FieldType(string Name, bool IsScalar, string Key = "");

/// <summary>An enumeration.</summary>
internal sealed record Enumeration(string Name, Comment Comment, IReadOnlyList<EnumerationValue> Values);

/// <summary>A value of an enumeration.</summary>
internal sealed record EnumerationValue(string Name, int Number, Comment Comment);

/// <summary>The contracts as their descriptors tell them.</summary>
internal static class Descriptors
{
    private const int MessageField = 4;
    private const int EnumField = 5;
    private const int ServiceField = 6;

    /// <summary>Packages by name, without what Google defines; inside them files by name and declarations in file order.</summary>
    /// <param name="set">A FileDescriptorSet with source info.</param>
    public static IReadOnlyList<Package> Read(byte[] set) =>
    [
        .. FileDescriptorSet.Parser.ParseFrom(set).File
            .Where(file => !file.Package.StartsWith("google.", StringComparison.Ordinal))
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .GroupBy(file => file.Package)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => ReadPackage(group.Key, [.. group])),
    ];

    private static Package ReadPackage(string name, IReadOnlyList<FileDescriptorProto> files)
    {
        var messages = new MessageReader();
        var services = new List<Service>();
        foreach (var file in files)
        {
            var comments = new Comments(file.SourceCodeInfo ?? throw new InvalidOperationException($"{file.Name} comes without its comments; build the set with source info."));
            services.AddRange(file.Service.Select((service, i) => ReadService(service, comments, [ServiceField, i])));
            for (var i = 0; i < file.MessageType.Count; i++)
            {
                messages.Add("", file.MessageType[i], comments, [MessageField, i]);
            }

            for (var i = 0; i < file.EnumType.Count; i++)
            {
                messages.Add("", file.EnumType[i], comments, [EnumField, i]);
            }
        }

        return new Package(name, services, messages.Messages, messages.Enumerations);
    }

    private static Service ReadService(ServiceDescriptorProto service, Comments comments, IReadOnlyList<int> path) => new(
        service.Name,
        comments.Of(path),
        [.. service.Method.Select((method, i) => new Method(
            method.Name, comments.Of([.. path, 2, i]), method.InputType[1..], method.ClientStreaming, method.OutputType[1..], method.ServerStreaming))]);
}
