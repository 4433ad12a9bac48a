using System.Collections.Concurrent;
using CustomerInsights.ServiceDefaults.Jobs;
using CustomerInsights.ServiceDefaults.Metering;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace CustomerInsights.ServiceDefaults.Tests.Jobs;

/// <summary>One replica with nothing but a job loop of kind "work".</summary>
internal sealed class JobTestProcess : IAsyncDisposable
{
    public const string Kind = "work";

    private readonly ServiceProvider _container;

    private JobTestProcess(ServiceProvider container) => _container = container;

    public ConcurrentQueue<LeasedJob> Runs { get; } = new();

    public Func<LeasedJob, CancellationToken, Task<JobOutcome>> Behaviour { get; set; } = (_, _) => Task.FromResult(JobOutcome.Done);

    public JobQueue Queue => Get<JobQueue>();

    public JobStore Store => Get<JobStore>();

    public static JobTestProcess Create(Database database, TimeSpan lease, int concurrency = 4, TimeProvider? time = null)
    {
        JobTestProcess? process = null;
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMetrics();
        services.AddSingleton(database);
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddSingleton(Random.Shared);
        services.AddSingleton<IdGenerator>();
        services.AddSingleton(container => new ServiceMetrics(container.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>(), "test"));
        services.AddSingleton(Options.Create(new JobOptions { Lease = lease, Poll = TimeSpan.FromMilliseconds(200) }));
        services.AddJobQueue();
        services.AddScoped(_ => new Handler(process!));
        services.AddJobLoop<Handler>(concurrency);
        process = new JobTestProcess(services.BuildServiceProvider());
        return process;
    }

    public T Get<T>()
        where T : notnull => _container.GetRequiredService<T>();

    public async Task<JobTestProcess> StartAsync()
    {
        foreach (var hosted in _container.GetServices<IHostedService>())
        {
            await hosted.StartAsync(CancellationToken.None);
        }

        return this;
    }

    public async Task StopAsync()
    {
        foreach (var hosted in _container.GetServices<IHostedService>())
        {
            await hosted.StopAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _container.DisposeAsync();
    }

    private sealed class Handler(JobTestProcess process) : IJobHandler
    {
        public string Kind => JobTestProcess.Kind;

        public Task<JobOutcome> RunAsync(LeasedJob job, CancellationToken cancellationToken)
        {
            process.Runs.Enqueue(job);
            return process.Behaviour(job, cancellationToken);
        }
    }
}
