using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1;

namespace CustomerInsights.ServiceDefaults.Reflecting;

/// <summary>grpc.reflection.v1.ServerReflection over <see cref="ReflectedServices"/>.</summary>
internal sealed class ReflectionService(ReflectedServices services) : ServerReflection.ServerReflectionBase
{
    public override async Task ServerReflectionInfo(
        IAsyncStreamReader<ServerReflectionRequest> requestStream, IServerStreamWriter<ServerReflectionResponse> responseStream, ServerCallContext context)
    {
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            await responseStream.WriteAsync(Answer(services, request), context.CancellationToken);
        }
    }

    internal static ServerReflectionResponse Answer(ReflectedServices services, ServerReflectionRequest request)
    {
        var response = new ServerReflectionResponse { ValidHost = request.Host, OriginalRequest = request };
        switch (request.MessageRequestCase)
        {
            case ServerReflectionRequest.MessageRequestOneofCase.ListServices:
                response.ListServicesResponse = new ListServiceResponse { Service = { services.Names.Select(name => new ServiceResponse { Name = name }) } };
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileByFilename:
                SetFile(response, services.FileNamed(request.FileByFilename));
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileContainingSymbol:
                SetFile(response, services.FileWithSymbol(request.FileContainingSymbol));
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileContainingExtension:
                SetFile(response, services.FileWithExtension(request.FileContainingExtension.ContainingType, request.FileContainingExtension.ExtensionNumber));
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.AllExtensionNumbersOfType when services.FileWithSymbol(request.AllExtensionNumbersOfType) is not null:
                response.AllExtensionNumbersResponse = new ExtensionNumberResponse
                {
                    BaseTypeName = request.AllExtensionNumbersOfType,
                    ExtensionNumber = { services.ExtensionsOf(request.AllExtensionNumbersOfType) },
                };
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.None:
                SetError(response, StatusCode.Unimplemented, "The server doesn't know this kind of question.");
                break;
            default:
                SetError(response, StatusCode.NotFound, "The type isn't known.");
                break;
        }

        return response;
    }

    private static void SetFile(ServerReflectionResponse response, FileDescriptor? file)
    {
        if (file is null)
        {
            SetError(response, StatusCode.NotFound, "No file has it.");
        }
        else
        {
            response.FileDescriptorResponse = new FileDescriptorResponse { FileDescriptorProto = { ReflectedServices.WithImports(file) } };
        }
    }

    private static void SetError(ServerReflectionResponse response, StatusCode code, string text) =>
        response.ErrorResponse = new ErrorResponse { ErrorCode = (int)code, ErrorMessage = text };
}
