using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CustomerInsights.ServiceDefaults.Reflecting;

/// <summary>What reflection may tell: the services given, and the proto files they stand in.</summary>
internal sealed class ReflectedServices
{
    private readonly Dictionary<string, FileDescriptor> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FileDescriptor> _symbols = new(StringComparer.Ordinal);
    private readonly ILookup<string, (int Number, FileDescriptor File)> _extensions;

    public ReflectedServices(IEnumerable<ServiceDescriptor> services)
    {
        var all = services.ToList();
        Names = [.. all.Select(service => service.FullName).Distinct().Order(StringComparer.Ordinal)];
        foreach (var service in all)
        {
            Add(service.File);
        }

        _extensions = _files.Values.SelectMany(file => file.Extensions.UnorderedExtensions)
            .ToLookup(extension => extension.ExtendeeType.FullName, extension => (extension.FieldNumber, extension.File));
    }

    /// <summary>Full names of the services, in order.</summary>
    public IReadOnlyList<string> Names { get; }

    internal FileDescriptor? FileNamed(string name) => _files.GetValueOrDefault(name);

    internal FileDescriptor? FileWithSymbol(string fullName) => _symbols.GetValueOrDefault(fullName);

    internal FileDescriptor? FileWithExtension(string typeName, int number) =>
        _extensions[typeName].FirstOrDefault(extension => extension.Number == number).File;

    internal IEnumerable<int> ExtensionsOf(string typeName) => _extensions[typeName].Select(extension => extension.Number).Order();

    /// <summary>The file and all it imports, each once, as the reflection protocol wants them.</summary>
    internal static IEnumerable<ByteString> WithImports(FileDescriptor file)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { file.Name };
        var waiting = new Queue<FileDescriptor>([file]);
        while (waiting.TryDequeue(out var next))
        {
            yield return next.SerializedData;
            foreach (var import in next.Dependencies.Where(import => seen.Add(import.Name)))
            {
                waiting.Enqueue(import);
            }
        }
    }

    private void Add(FileDescriptor file)
    {
        if (!_files.TryAdd(file.Name, file))
        {
            return;
        }

        foreach (var service in file.Services)
        {
            _symbols[service.FullName] = file;
            AddAll(service.Methods, file);
        }

        AddAll(file.EnumTypes, file);
        AddAll(file.Extensions.UnorderedExtensions, file);
        foreach (var message in file.MessageTypes)
        {
            Add(message, file);
        }

        foreach (var import in file.Dependencies)
        {
            Add(import);
        }
    }

    private void Add(MessageDescriptor message, FileDescriptor file)
    {
        _symbols[message.FullName] = file;
        AddAll(message.Fields.InDeclarationOrder(), file);
        AddAll(message.Oneofs, file);
        AddAll(message.EnumTypes, file);
        foreach (var nested in message.NestedTypes)
        {
            Add(nested, file);
        }
    }

    private void AddAll(IEnumerable<IDescriptor> descriptors, FileDescriptor file)
    {
        foreach (var descriptor in descriptors)
        {
            _symbols[descriptor.FullName] = file;
        }
    }
}
