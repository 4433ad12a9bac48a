using System.Reflection;
using System.Runtime.CompilerServices;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CustomerInsights.Rpc.Serving;

/// <summary>Finds out which methods a service has.</summary>
internal static class ServiceBinding
{
    public static IReadOnlyList<IEndpointConventionBuilder> Map<TService>(IEndpointRouteBuilder routes)
        where TService : class
    {
        var services = routes.ServiceProvider;
        var settings = new ServerSettings(
            services.GetRequiredService<IOptions<GrpcServiceOptions>>().Value,
            services.GetService<TimeProvider>() ?? TimeProvider.System,
            services.GetRequiredService<ILoggerFactory>().CreateLogger("CustomerInsights.Rpc.Serving"));
        var binder = new ServiceBinder<TService>(routes, settings);
        BindMethodOf(typeof(TService)).Invoke(null, [binder, null]);
        return binder.Endpoints;
    }

    private static MethodInfo BindMethodOf(Type serviceType)
    {
        for (var type = serviceType; type is not null; type = type.BaseType)
        {
            if (type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false) is { } bind)
            {
                return bind.BindType.GetMethod(bind.BindMethodName, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic, [typeof(ServiceBinderBase), type])
                    ?? throw new InvalidOperationException($"{bind.BindType} has no method {bind.BindMethodName} for {type}.");
            }
        }

        throw new InvalidOperationException($"{serviceType} doesn't derive from a generated service base.");
    }
}

/// <summary>Makes an endpoint of each method that generated code lists.</summary>
internal sealed class ServiceBinder<TService>(IEndpointRouteBuilder routes, ServerSettings settings) : ServiceBinderBase
    where TService : class
{
    private readonly PerCall<TService> _service = new(routes.ServiceProvider, typeof(TService));
    private readonly InterceptorChain _interceptors = new(routes.ServiceProvider, settings.Options.Interceptors);
    private readonly List<IEndpointConventionBuilder> _endpoints = [];

    public IReadOnlyList<IEndpointConventionBuilder> Endpoints => _endpoints;

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
    {
        var implementation = Find(method, typeof(TRequest), typeof(ServerCallContext));
        var invoke = implementation.CreateDelegate<Func<TService, TRequest, ServerCallContext, Task<TResponse>>>();
        var serve = _interceptors.Around<TRequest, TResponse>((request, context) => invoke(_service.Get(context), request, context));
        Map(method, implementation, [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))] async ValueTask (ServerCall call) =>
            call.Answer(method, await serve(call.Reader.TakeSingle(method.RequestMarshaller), call)));
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var implementation = Find(method, typeof(IAsyncStreamReader<TRequest>), typeof(ServerCallContext));
        var invoke = implementation.CreateDelegate<Func<TService, IAsyncStreamReader<TRequest>, ServerCallContext, Task<TResponse>>>();
        var serve = _interceptors.Around<TRequest, TResponse>((requests, context) => invoke(_service.Get(context), requests, context));
        Map(method, implementation, async call => call.Answer(method, await serve(RequestsOf(call, method), call)));
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var implementation = Find(method, typeof(TRequest), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext));
        var invoke = implementation.CreateDelegate<Func<TService, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task>>();
        var serve = _interceptors.Around<TRequest, TResponse>((request, responses, context) => invoke(_service.Get(context), request, responses, context));
        Map(method, implementation, call => new ValueTask(serve(call.Reader.TakeSingle(method.RequestMarshaller), ResponsesOf(call, method), call)));
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
    {
        var implementation = Find(method, typeof(IAsyncStreamReader<TRequest>), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext));
        var invoke = implementation.CreateDelegate<Func<TService, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task>>();
        var serve = _interceptors.Around<TRequest, TResponse>((requests, responses, context) => invoke(_service.Get(context), requests, responses, context));
        Map(method, implementation, call => new ValueTask(serve(RequestsOf(call, method), ResponsesOf(call, method), call)));
    }

    private static RequestStream<TRequest> RequestsOf<TRequest, TResponse>(ServerCall call, Method<TRequest, TResponse> method)
        where TRequest : class => new(call, call.Reader, method.RequestMarshaller);

    private static ResponseStream<TResponse> ResponsesOf<TRequest, TResponse>(ServerCall call, Method<TRequest, TResponse> method)
        where TResponse : class => new(call, method.ResponseMarshaller);

    private static MethodInfo Find(IMethod method, params Type[] parameters) =>
        typeof(TService).GetMethod(method.Name, BindingFlags.Instance | BindingFlags.Public, parameters)
        ?? throw new InvalidOperationException($"{typeof(TService)} has no method {method.Name}.");

    private void Map(IMethod method, MethodInfo implementation, Func<ServerCall, ValueTask> invoke) =>
        _endpoints.Add(routes.MapMethods(method.FullName, [HttpMethods.Post], new MethodEndpoint(method, settings, invoke).HandleAsync)
            .WithDisplayName($"gRPC {method.FullName}")
            .WithMetadata(
                [.. typeof(TService).GetCustomAttributes(inherit: true), .. implementation.GetCustomAttributes(inherit: true), new GrpcMethodMetadata(typeof(TService), method)]));
}
