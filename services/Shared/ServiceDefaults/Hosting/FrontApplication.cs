using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>
/// Hands each request of the process's ports to the application that answers it, by the first segment of its path: the name
/// of a gRPC service leads to its owner, be it gRPC, gRPC-Web or a browser that asks whether it may call; an app id to that
/// service; anything else to the desk. The names have dots, the app ids have none.
/// </summary>
internal sealed class FrontApplication(ServiceInstance desk, IReadOnlyList<ServiceInstance> services) : IHttpApplication<FrontApplication.Visit>
{
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, ServiceInstance>.AlternateLookup<ReadOnlySpan<char>> _byGrpcService =
        services.SelectMany(service => service.GrpcServices, (service, grpc) => (service, grpc.FullName))
            .ToDictionary(pair => pair.FullName, pair => pair.service).GetAlternateLookup<ReadOnlySpan<char>>();

    private readonly Dictionary<string, ServiceInstance>.AlternateLookup<ReadOnlySpan<char>> _byAppId =
        services.ToDictionary(service => service.AppId).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Lets in the requests that came while the services were starting, and all later ones.</summary>
    public void Open() => _open.TrySetResult();

    public Visit CreateContext(IFeatureCollection contextFeatures) => new(contextFeatures);

    public async Task ProcessRequestAsync(Visit context)
    {
        if (!_open.Task.IsCompleted)
        {
            await _open.Task.WaitAsync(context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>().RequestAborted);
        }

        context.Request = OwnerOf(context.Features.GetRequiredFeature<IHttpRequestFeature>()).Server.Begin(context.Features);
        await context.Request.Process();
    }

    public void DisposeContext(Visit context, Exception? exception) => context.Request?.End(exception);

    private ServiceInstance OwnerOf(IHttpRequestFeature request)
    {
        var path = request.Path.AsSpan().TrimStart('/');
        var end = path.IndexOf('/');
        var first = end < 0 ? path : path[..end];
        return _byGrpcService.TryGetValue(first, out var owner) || _byAppId.TryGetValue(first, out owner) ? owner : desk;
    }

    /// <summary>A request on its way to an application.</summary>
    internal sealed class Visit(IFeatureCollection features)
    {
        public IFeatureCollection Features { get; } = features;

        public CapturedRequest? Request { get; set; }
    }
}
