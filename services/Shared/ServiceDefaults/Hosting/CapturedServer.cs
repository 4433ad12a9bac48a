using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>The server of a service's web application: without a socket. It only keeps the pipeline for the process's ports.</summary>
internal sealed class CapturedServer : IServer
{
    private Func<IFeatureCollection, CapturedRequest>? _begin;

    public IFeatureCollection Features { get; } = new FeatureCollection();

    /// <summary>Begins a request in the pipeline. Possible from start until the container is disposed.</summary>
    public CapturedRequest Begin(IFeatureCollection features) =>
        _begin is { } begin ? begin(features) : throw new InvalidOperationException("The application has not started.");

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        _begin = features =>
        {
            var context = application.CreateContext(features);
            return new CapturedRequest(() => application.ProcessRequestAsync(context), exception => application.DisposeContext(context, exception));
        };
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
    }
}

/// <summary>A request inside a captured pipeline.</summary>
/// <param name="Process">Answers it.</param>
/// <param name="End">Lets go of it, once the answer is sent; with the exception that came out, if one did.</param>
internal sealed record CapturedRequest(Func<Task> Process, Action<Exception?> End);
