using CustomerInsights.ServiceDefaults.Errors;
using CustomerInsights.ServiceDefaults.Resources;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace CustomerInsights.ServiceDefaults.Identity;

/// <summary>
/// Where a request names the resource it is about: its own "name" or "parent", or that of the one message in it which has
/// such a field.
/// </summary>
internal sealed class ResourceField
{
    private readonly FieldDescriptor? _message;
    private readonly FieldDescriptor _name;

    private ResourceField(FieldDescriptor? message, FieldDescriptor name) => (_message, _name) = (message, name);

    /// <summary>Path of the field, such as "segment.name".</summary>
    public string Path => _message is null ? _name.Name : $"{_message.Name}.{_name.Name}";

    /// <summary>Finds the field of a request type. A type without one, or with several, is a bug of the contract.</summary>
    public static ResourceField Of(MessageDescriptor request)
    {
        if (NameIn(request) is { } direct)
        {
            return new ResourceField(null, direct);
        }

        var nested = request.Fields.InDeclarationOrder()
            .Where(field => field.FieldType == FieldType.Message && !field.IsRepeated && NameIn(field.MessageType) is not null).ToList();
        return nested is [{ } only]
            ? new ResourceField(only, NameIn(only.MessageType)!)
            : throw new InvalidOperationException($"{request.FullName} does not tell which environment it is about: it needs one field \"name\" or \"parent\".");
    }

    /// <summary>The environment that the request is about, or a refusal that names the field.</summary>
    public Result<string> EnvironmentOf(IMessage request)
    {
        var holder = _message is null ? request : (IMessage?)_message.Accessor.GetValue(request);
        var name = holder is null ? null : (string)_name.Accessor.GetValue(holder);
        return ResourceName.EnvironmentOf(name) is { } environment
            ? environment
            : Refusal.Invalid(Path, "must be a resource name that begins with \"environments/{environment}\".");
    }

    private static FieldDescriptor? NameIn(MessageDescriptor message) => TextField(message, "name") ?? TextField(message, "parent");

    private static FieldDescriptor? TextField(MessageDescriptor message, string name) =>
        message.FindFieldByName(name) is { FieldType: FieldType.String, IsRepeated: false } field ? field : null;
}
