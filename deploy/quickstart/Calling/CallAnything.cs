using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CustomerInsights.Quickstart.Running;
using CustomerInsights.Quickstart.Showing;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace CustomerInsights.Quickstart.Calling;

/// <summary>./run.sh call: lists the services of a running system, or calls one with JSON.</summary>
internal sealed partial class CallAnything(Screen screen)
{
    private const int WrongUse = 2;

    // Which process serves an area of the contracts.
    private static readonly IReadOnlyDictionary<string, FileDescriptor[]> Served = new Dictionary<string, FileDescriptor[]>
    {
        ["environments"] = [Contracts.Environments.V1.EnvironmentsReflection.Descriptor],
        ["connections"] = [Contracts.Connections.V1.ConnectionsReflection.Descriptor],
        ["segments"] = [Contracts.Segments.V1.ProfilesReflection.Descriptor, Contracts.Segments.V1.SegmentsReflection.Descriptor, Contracts.Segments.V1.MembershipsReflection.Descriptor],
        ["exports"] = [Contracts.Exports.V1.ExportsReflection.Descriptor],
    };

    /// <param name="method">"package.Service/Method"; null lists what there is.</param>
    /// <param name="json">The request.</param>
    /// <param name="user">In whose name.</param>
    public async Task<int> RunAsync(string? method, string json, string user, CancellationToken cancellationToken)
    {
        if (KeptRunning.Read() is not { IsAlive: true } running)
        {
            screen.Bad("Nothing is running. Start it with ./run.sh --keep.");
            return WrongUse;
        }

        var found = Served.SelectMany(s => s.Value.SelectMany(f => f.Services).SelectMany(service => service.Methods), (s, m) => (AppId: s.Key, Method: m)).ToList();
        if (method is null)
        {
            found.ForEach(f => screen.Say($"{f.Method.Service.FullName}/{f.Method.Name}  {new Uri(running.Grpc[f.AppId].ToString()).Authority}"));
            return 0;
        }

        var (appId, descriptor) = found.Find(f => $"{f.Method.Service.FullName}/{f.Method.Name}" == method);
        if (descriptor is null || descriptor.IsClientStreaming)
        {
            screen.Bad($"There is no {method} that takes one message; ./run.sh call lists what there is.");
            return WrongUse;
        }

        if (Read(json, descriptor.InputType) is not { } request)
        {
            return WrongUse;
        }

        using var http = new HttpClient();
        var token = (await http.GetStringAsync(new Uri(running.Http, $"/dev/token?user={Uri.EscapeDataString(user)}"), cancellationToken)).Trim();
        return await CallAsync(running.Grpc[appId], descriptor, request, token, cancellationToken);
    }

    private IMessage? Read(string json, MessageDescriptor type)
    {
        try
        {
            return JsonParser.Default.Parse(WithMasksOfProtobuf(json, type), type);
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidJsonException or JsonException or FormatException or OverflowException or ArgumentException)
        {
            screen.Bad($"The request is no JSON of {type.FullName}: {exception.Message}");
            return null;
        }
    }

    // Protobuf's JSON knows masks in lowerCamelCase only, but everything here calls fields by their names in the proto files.
    private static string WithMasksOfProtobuf(string json, MessageDescriptor type)
    {
        if (JsonNode.Parse(json) is not JsonObject request)
        {
            return json;
        }

        foreach (var mask in type.Fields.InDeclarationOrder().Where(field => field.FieldType == FieldType.Message && field.MessageType == FieldMask.Descriptor))
        {
            foreach (var name in new[] { mask.Name, mask.JsonName })
            {
                if (request[name] is JsonValue value && value.TryGetValue<string>(out var paths))
                {
                    request[name] = Underscore.Replace(paths, match => match.Groups[1].Value.ToUpperInvariant());
                }
            }
        }

        return request.ToJsonString();
    }

    [GeneratedRegex("_([a-z0-9])")]
    private static partial Regex Underscore { get; }

    private async Task<int> CallAsync(Uri address, MethodDescriptor descriptor, IMessage request, string token, CancellationToken cancellationToken)
    {
        var method = new Method<IMessage, IMessage>(
            descriptor.IsServerStreaming ? MethodType.ServerStreaming : MethodType.Unary,
            descriptor.Service.FullName,
            descriptor.Name,
            Marshallers.Create(message => message.ToByteArray(), descriptor.InputType.Parser.ParseFrom),
            Marshallers.Create(message => message.ToByteArray(), descriptor.OutputType.Parser.ParseFrom));
        var options = new CallOptions([new Metadata.Entry("authorization", $"Bearer {token}")], cancellationToken: cancellationToken);
        var format = new JsonFormatter(JsonFormatter.Settings.Default.WithIndentation().WithPreserveProtoFieldNames(true));
        using var channel = GrpcChannel.ForAddress(address);
        try
        {
            if (descriptor.IsServerStreaming)
            {
                using var call = channel.CreateCallInvoker().AsyncServerStreamingCall(method, null, options, request);
                while (await call.ResponseStream.MoveNext(cancellationToken))
                {
                    screen.Plain(format.Format(call.ResponseStream.Current));
                }
            }
            else
            {
                using var call = channel.CreateCallInvoker().AsyncUnaryCall(method, null, options, request);
                screen.Plain(format.Format(await call.ResponseAsync));
            }

            return 0;
        }
        catch (RpcException refused)
        {
            screen.Refused(refused);
            return 1;
        }
    }
}
