using Grpc.Core;
using Grpc.Testing;

namespace CustomerInsights.Rpc.Tests;

/// <summary>What the methods of a <see cref="ScriptedService"/> do in one test.</summary>
internal sealed class Script
{
    public UnaryServerMethod<SimpleRequest, SimpleResponse> Unary { get; init; } = (_, _) => Task.FromResult(new SimpleResponse());

    public ServerStreamingServerMethod<StreamingOutputCallRequest, StreamingOutputCallResponse> Down { get; init; } = (_, _, _) => Task.CompletedTask;

    public ClientStreamingServerMethod<StreamingInputCallRequest, StreamingInputCallResponse> Up { get; init; } =
        (_, _) => Task.FromResult(new StreamingInputCallResponse());

    public DuplexStreamingServerMethod<StreamingOutputCallRequest, StreamingOutputCallResponse> Both { get; init; } = (_, _, _) => Task.CompletedTask;
}

internal sealed class ScriptedService(Script script) : TestService.TestServiceBase
{
    public override Task<SimpleResponse> UnaryCall(SimpleRequest request, ServerCallContext context) => script.Unary(request, context);

    public override Task StreamingOutputCall(
        StreamingOutputCallRequest request, IServerStreamWriter<StreamingOutputCallResponse> responseStream, ServerCallContext context) =>
        script.Down(request, responseStream, context);

    public override Task<StreamingInputCallResponse> StreamingInputCall(IAsyncStreamReader<StreamingInputCallRequest> requestStream, ServerCallContext context) =>
        script.Up(requestStream, context);

    public override Task FullDuplexCall(
        IAsyncStreamReader<StreamingOutputCallRequest> requestStream, IServerStreamWriter<StreamingOutputCallResponse> responseStream, ServerCallContext context) =>
        script.Both(requestStream, responseStream, context);
}
