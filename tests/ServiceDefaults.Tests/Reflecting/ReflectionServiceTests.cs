using CustomerInsights.Rpc.Tests;
using CustomerInsights.ServiceDefaults.Reflecting;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1;
using Grpc.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Alpha = Grpc.Reflection.V1Alpha;

namespace CustomerInsights.ServiceDefaults.Tests.Reflecting;

[Parallelizable(ParallelScope.All)]
internal sealed class ReflectionServiceTests
{
    private TestServer _server = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _server = await TestServer.StartAsync(
        routes =>
        {
            routes.MapGrpcService<ReflectionService>();
            routes.MapGrpcService<ReflectionV1AlphaService>();
        },
        services: services => services.AddSingleton(new ReflectedServices([TestService.Descriptor, UnimplementedService.Descriptor, ServerReflection.Descriptor])));

    [OneTimeTearDown]
    public async Task StopAsync() => await _server.DisposeAsync();

    [Test]
    public async Task Services_are_listed_in_order()
    {
        var answer = await AskAsync(new ServerReflectionRequest { Host = "here", ListServices = "" });

        Assert.That(
            answer.ListServicesResponse.Service.Select(service => service.Name),
            Is.EqualTo(["grpc.reflection.v1.ServerReflection", "grpc.testing.TestService", "grpc.testing.UnimplementedService"]));
        Assert.That(answer.ValidHost, Is.EqualTo("here"));
        Assert.That(answer.OriginalRequest.MessageRequestCase, Is.EqualTo(ServerReflectionRequest.MessageRequestOneofCase.ListServices));
    }

    [TestCase("grpc.testing.TestService")]
    [TestCase("grpc.testing.TestService.UnaryCall")]
    [TestCase("grpc.testing.Payload")]
    [TestCase("grpc.testing.Payload.body")]
    [TestCase("grpc.testing.PayloadType")]
    public async Task A_symbol_is_answered_with_its_file(string symbol)
    {
        var answer = await AskAsync(new ServerReflectionRequest { FileContainingSymbol = symbol });

        Assert.That(Files(answer), Is.EqualTo(["testing.proto"]));
    }

    [Test]
    public async Task A_file_comes_with_all_it_imports()
    {
        var descriptors = new ReflectedServices([global::Grpc.Health.V1.Health.Descriptor]);
        var answer = ReflectionService.Answer(descriptors, new ServerReflectionRequest { FileByFilename = "grpc/health/v1/health.proto" });
        await Assert.MultipleAsync(async () =>
        {
            Assert.That(Files(answer), Is.EqualTo(["grpc/health/v1/health.proto"]));
            Assert.That(Files(await AskAsync(new ServerReflectionRequest { FileByFilename = "testing.proto" })), Is.EqualTo(["testing.proto"]));
            Assert.That(
                ReflectedServices.WithImports(global::Google.Rpc.StatusReflection.Descriptor).Select(bytes => FileDescriptorProto.Parser.ParseFrom(bytes).Name),
                Is.EqualTo(["google/rpc/status.proto", "google/protobuf/any.proto"]));
        });
    }

    [TestCase(null, null, null, StatusCode.Unimplemented)]
    [TestCase("no.Such", null, null, StatusCode.NotFound)]
    [TestCase(null, "no.proto", null, StatusCode.NotFound)]
    [TestCase(null, null, "no.Such", StatusCode.NotFound)]
    public async Task What_is_not_there_is_an_error_in_the_answer(string? symbol, string? file, string? type, StatusCode code)
    {
        var request = new ServerReflectionRequest();
        if (symbol is not null)
        {
            request.FileContainingSymbol = symbol;
        }
        else if (file is not null)
        {
            request.FileByFilename = file;
        }
        else if (type is not null)
        {
            request.AllExtensionNumbersOfType = type;
        }

        Assert.That((await AskAsync(request)).ErrorResponse.ErrorCode, Is.EqualTo((int)code));
    }

    [Test]
    public async Task A_type_without_extensions_has_an_empty_list()
    {
        var answer = await AskAsync(new ServerReflectionRequest { AllExtensionNumbersOfType = "grpc.testing.Payload" });

        Assert.That(answer.AllExtensionNumbersResponse, Is.EqualTo(new ExtensionNumberResponse { BaseTypeName = "grpc.testing.Payload" }));
    }

    [Test, CancelAfter(10_000)]
    public async Task The_alpha_version_answers_the_same(CancellationToken cancellationToken)
    {
        using var call = new Alpha.ServerReflection.ServerReflectionClient(_server.Channel).ServerReflectionInfo(cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(new Alpha.ServerReflectionRequest { FileContainingSymbol = "grpc.testing.Payload" }, cancellationToken);
        await call.RequestStream.CompleteAsync();
        var answers = await call.ResponseStream.ReadAllAsync(cancellationToken).ToListAsync(cancellationToken);

        Assert.That(
            answers.Single().FileDescriptorResponse.FileDescriptorProto.Select(bytes => FileDescriptorProto.Parser.ParseFrom(bytes).Name),
            Is.EqualTo(["testing.proto"]));
    }

    private static IEnumerable<string> Files(ServerReflectionResponse answer) =>
        answer.FileDescriptorResponse.FileDescriptorProto.Select(bytes => FileDescriptorProto.Parser.ParseFrom(bytes).Name);

    private async Task<ServerReflectionResponse> AskAsync(ServerReflectionRequest request)
    {
        using var call = new ServerReflection.ServerReflectionClient(_server.Channel).ServerReflectionInfo(deadline: Soon());
        await call.RequestStream.WriteAsync(request);
        await call.RequestStream.CompleteAsync();
        return (await call.ResponseStream.ReadAllAsync().ToListAsync()).Single();
    }

    private static DateTime Soon() => TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(10);
}
