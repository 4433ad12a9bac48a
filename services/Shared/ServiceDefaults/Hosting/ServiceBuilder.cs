using System.Reflection;
using CustomerInsights.ServiceDefaults.Events;
using CustomerInsights.ServiceDefaults.Identity;
using CustomerInsights.ServiceDefaults.Jobs;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using GrpcServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>What a service is made of. Every process gets health, authentication, telemetry, outbox, inbox and jobs without asking.</summary>
public sealed class ServiceBuilder
{
    private readonly WebApplicationBuilder _web;
    private readonly List<GrpcServiceDescriptor> _grpcServices = [];
    private readonly List<Action<IEndpointRouteBuilder>> _maps = [];

    internal ServiceBuilder(string appId, WebApplicationBuilder web) => (AppId, _web) = (appId, web);

    public IServiceCollection Services => _web.Services;

    public IConfiguration Configuration => _web.Configuration;

    internal string AppId { get; }

    internal IReadOnlyList<GrpcServiceDescriptor> GrpcServices => _grpcServices;

    /// <summary>
    /// Serves a gRPC service; TService derives from the generated base and comes from the container. Each method states
    /// who may call it by an attribute such as <see cref="RequiresRoleAttribute"/>; one without refuses every call.
    /// </summary>
    public ServiceBuilder AddGrpcService<TService>()
        where TService : class
    {
        Services.AddScoped<TService>();
        Services.AddSingleton(new ServedType(typeof(TService)));
        _grpcServices.Add(ServedType.DescriptorOf(typeof(TService)));
        _maps.Add(endpoints => endpoints.MapGrpcService<TService>());
        return this;
    }

    /// <summary>Registers a generated client that calls another process of this system with this service's identity.</summary>
    public ServiceBuilder AddGrpcClient<TClient>(string appId)
        where TClient : ClientBase<TClient>
    {
        PeerClients.Add<TClient>(Services, appId);
        return this;
    }

    /// <summary>Subscribes to a topic; the handler comes from the container, in a scope of its own.</summary>
    public ServiceBuilder Subscribe<TData, THandler>(string topic)
        where TData : class, IMessage<TData>, new()
        where THandler : class, IEventHandler<TData>
    {
        Services.AddSubscription<TData, THandler>(AppId, topic);
        return this;
    }

    /// <summary>Runs a loop that claims jobs of the handler's kind.</summary>
    /// <param name="concurrency">Jobs at the same time in this process.</param>
    public ServiceBuilder AddJobs<THandler>(int concurrency)
        where THandler : class, IJobHandler
    {
        Services.AddJobLoop<THandler>(concurrency);
        return this;
    }

    /// <summary>Applies the migrations that a library embeds, before those of the service.</summary>
    public ServiceBuilder AddMigrations(Assembly library)
    {
        Services.AddSingleton(new MigratingLibrary(library));
        return this;
    }

    /// <summary>Binds and validates options at start: all errors at once, before anything listens.</summary>
    public ServiceBuilder AddOptions<TOptions>(string section)
        where TOptions : class
    {
        Services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
        Services.AddSingleton<IValidateOptions<TOptions>>(new CheckOptions<TOptions>(section));
        return this;
    }

    /// <summary>
    /// Adds endpoints to the HTTP/1.1 port, below "/{app id}". They answer authenticated callers only; the caller is
    /// <see cref="HttpCaller.Of"/>.
    /// </summary>
    public ServiceBuilder MapHttp(Action<IEndpointRouteBuilder> map)
    {
        _maps.Add(endpoints => map(endpoints.MapGroup($"/{AppId}").AddEndpointFilter<RequireCaller>()));
        return this;
    }

    /// <summary>
    /// Adds endpoints to the HTTP/1.1 port, below "/{app id}", that are open to everybody who reaches the port: for browsers
    /// that come by a link. They decide by themselves whom to answer; pages of other origins cannot read the answers.
    /// </summary>
    public ServiceBuilder MapOpenHttp(Action<IEndpointRouteBuilder> map)
    {
        _maps.Add(endpoints => map(endpoints.MapGroup($"/{AppId}").WithMetadata(new DisableCorsAttribute())));
        return this;
    }

    /// <summary>Adds endpoints of the process itself, which are open to everybody who reaches the port.</summary>
    internal void MapOpen(Action<IEndpointRouteBuilder> map) => _maps.Add(map);

    internal void MapEndpoints(IEndpointRouteBuilder endpoints) => _maps.ForEach(map => map(endpoints));
}

/// <summary>A library that embeds migrations.</summary>
internal sealed record MigratingLibrary(Assembly Assembly);
