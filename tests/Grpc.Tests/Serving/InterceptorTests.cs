using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Rpc.Tests.Serving;

[Parallelizable(ParallelScope.All)]
[CancelAfter(20_000)]
internal sealed class InterceptorTests
{
    [Test]
    public async Task The_first_interceptor_is_outermost_and_gets_its_arguments_and_services(CancellationToken cancellationToken)
    {
        var journal = new List<string>();
        await using var server = await TestServer.StartAsync<ScriptedService>(
            options =>
            {
                options.Interceptors.Add<Noting>("outer");
                options.Interceptors.Add<Noting>("inner");
            },
            services => services.AddSingleton(journal).AddSingleton(new Script()));

        await new TestService.TestServiceClient(server.Channel).UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);
        await server.StopAsync(cancellationToken);

        Assert.That(journal, Is.EqualTo(["outer in", "inner in", "inner out", "outer out", "disposed", "disposed"]));
    }

    [Test]
    public async Task An_interceptor_with_arguments_does_not_come_from_the_container(CancellationToken cancellationToken)
    {
        var journal = new List<string>();
        await using var server = await TestServer.StartAsync<ScriptedService>(
            options => options.Interceptors.Add<Noting>("argument"),
            services => services.AddSingleton(journal).AddSingleton(new Script()).AddSingleton(new Noting(journal, "container")));

        await new TestService.TestServiceClient(server.Channel).UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken);

        Assert.That(journal.Take(2), Is.EqualTo(["argument in", "argument out"]));
    }

    [Test]
    public async Task An_interceptor_of_the_container_is_shared([Values] bool isStreaming, CancellationToken cancellationToken)
    {
        var guard = new Guard();
        await using var server = await TestServer.StartAsync<ScriptedService>(
            options => options.Interceptors.Add<Guard>(), services => services.AddSingleton(guard).AddSingleton(new Script()));
        var client = new TestService.TestServiceClient(server.Channel);

        var status = isStreaming
            ? await Expect.StatusAsync(() => client.FullDuplexCall(cancellationToken: cancellationToken).ResponseStream.MoveNext(cancellationToken))
            : await Expect.StatusAsync(async () => await client.UnaryCallAsync(new SimpleRequest(), cancellationToken: cancellationToken));

        Assert.That(status, Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That(guard.Calls, Is.EqualTo(1));
    }

    [Test]
    public async Task Endpoints_carry_the_method_and_the_attributes_of_what_implements_it()
    {
        await using var server = await TestServer.StartAsync<Marked>();
        var endpoints = server.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .Where(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is not null)
            .ToDictionary(endpoint => endpoint.Metadata.GetRequiredMetadata<GrpcMethodMetadata>().Method.Name);

        Assert.Multiple(() =>
        {
            Assert.That(endpoints, Has.Count.EqualTo(6));
            Assert.That(endpoints["UnaryCall"].Metadata.GetOrderedMetadata<MarkAttribute>().Select(mark => mark.Text), Is.EqualTo(["class", "method"]));
            Assert.That(endpoints["EmptyCall"].Metadata.GetOrderedMetadata<MarkAttribute>().Select(mark => mark.Text), Is.EqualTo(["class"]));
            Assert.That(endpoints["UnaryCall"].Metadata.GetRequiredMetadata<GrpcMethodMetadata>().ServiceType, Is.EqualTo(typeof(Marked)));
            Assert.That(endpoints["UnaryCall"].Metadata.GetRequiredMetadata<GrpcMethodMetadata>().Method.FullName, Is.EqualTo("/grpc.testing.TestService/UnaryCall"));
        });
    }

    [Test]
    public void A_class_without_a_generated_base_cannot_be_served() =>
        Assert.That(() => TestServer.StartAsync<object>(), Throws.InvalidOperationException.With.Message.Contains("generated service base"));

    private sealed class Noting(List<string> journal, string name) : Interceptor, IDisposable
    {
        public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        {
            journal.Add($"{name} in");
            var response = await continuation(request, context);
            journal.Add($"{name} out");
            return response;
        }

        public void Dispose() => journal.Add("disposed");
    }

    private sealed class Guard : Interceptor
    {
        private static readonly RpcException Denied = new(new Status(StatusCode.PermissionDenied, ""));

        public int Calls { get; private set; }

        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        {
            Calls++;
            throw Denied;
        }

        public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
            IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
            DuplexStreamingServerMethod<TRequest, TResponse> continuation)
        {
            Calls++;
            throw Denied;
        }
    }

    [AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
    private sealed class MarkAttribute(string text) : Attribute
    {
        public string Text { get; } = text;
    }

    [Mark("class")]
    private sealed class Marked : TestService.TestServiceBase
    {
        [Mark("method")]
        public override Task<SimpleResponse> UnaryCall(SimpleRequest request, ServerCallContext context) => Task.FromResult(new SimpleResponse());
    }
}
