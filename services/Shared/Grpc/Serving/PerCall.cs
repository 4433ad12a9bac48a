using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace CustomerInsights.Rpc.Serving;

/// <summary>Gets an object for one call: from the container when it has one, else made and disposed with the request.</summary>
internal sealed class PerCall<T>(Type type, params object[] arguments)
    where T : class
{
    private readonly ObjectFactory _factory = ActivatorUtilities.CreateFactory(type, [.. arguments.Select(argument => argument.GetType())]);

    public T Get(ServerCallContext context)
    {
        var http = context.GetHttpContext();
        if (http.RequestServices.GetService(type) is T registered)
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
