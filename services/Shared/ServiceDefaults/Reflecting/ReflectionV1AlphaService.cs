using Google.Protobuf;
using Grpc.Core;
using Grpc.Reflection.V1Alpha;

namespace CustomerInsights.ServiceDefaults.Reflecting;

/// <summary>grpc.reflection.v1alpha.ServerReflection, which many clients ask first. Its messages have the same bytes as those of v1.</summary>
internal sealed class ReflectionV1AlphaService(ReflectedServices services) : ServerReflection.ServerReflectionBase
{
    public override async Task ServerReflectionInfo(
        IAsyncStreamReader<ServerReflectionRequest> requestStream, IServerStreamWriter<ServerReflectionResponse> responseStream, ServerCallContext context)
    {
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            var answer = ReflectionService.Answer(services, global::Grpc.Reflection.V1.ServerReflectionRequest.Parser.ParseFrom(request.ToByteString()));
            await responseStream.WriteAsync(ServerReflectionResponse.Parser.ParseFrom(answer.ToByteString()), context.CancellationToken);
        }
    }
}
