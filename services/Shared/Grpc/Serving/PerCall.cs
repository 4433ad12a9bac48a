using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Rpc.Serving;

/// <summary>Gets an object for one call: from the container when it has one and no arguments are given, else made and disposed with the request.</summary>
internal sealed class PerCall<T>(IServiceProvider root, Type type, params object[] arguments)
    where T : class
{
    private readonly ObjectFactory _factory = ActivatorUtilities.CreateFactory(type, [.. arguments.Select(argument => argument.GetType())]);

    // One for all calls needs no scope, which is the dearest thing that a small call would make.
    private readonly bool _isShared = arguments.Length == 0 && root.GetService<ContainerContent>() is { } content && content.IsSingleton(type);
    private T? _shared;

    public T Get(ServerCallContext context)
    {
        if (_isShared)
        {
            return _shared ??= (T)root.GetRequiredService(type);
        }

        var http = context.GetHttpContext();
        if (arguments.Length == 0 && http.RequestServices.GetService(type) is T registered)
        {
            return registered;
        }

        var made = (T)_factory(http.RequestServices, arguments);
        switch (made)
        {
            case IAsyncDisposable asyncDisposable:
                http.Response.RegisterForDisposeAsync(asyncDisposable);
                break;
            case IDisposable disposable:
                http.Response.RegisterForDispose(disposable);
                break;
        }

        return made;
    }
}

/// <summary>What the container was told to hold.</summary>
internal sealed class ContainerContent(IServiceCollection services)
{
    public bool IsSingleton(Type type) => services.LastOrDefault(service => service.ServiceType == type && !service.IsKeyedService)?.Lifetime == ServiceLifetime.Singleton;
}
