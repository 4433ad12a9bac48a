using CustomerInsights.ServiceDefaults.Metering;
using CustomerInsights.ServiceDefaults.Resources;
using CustomerInsights.ServiceDefaults.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CustomerInsights.ServiceDefaults.Jobs;

/// <summary>Job queue and loops of one service.</summary>
internal static class JobComposition
{
    /// <summary>Adds the queue and what loops need; before <see cref="AddJobLoop{THandler}"/>, after events (which bring metrics and chance).</summary>
    public static void AddJobQueue(this IServiceCollection services)
    {
        services.AddSingleton<JobSignals>();
        services.AddSingleton<JobLease>();
        services.AddSingleton(container => new JobQueue(container.GetRequiredService<TimeProvider>(), container.GetRequiredService<JobSignals>()));
        services.AddSingleton(container => new JobStore(
            container.GetRequiredService<Database>(), container.GetRequiredService<TimeProvider>(), container.GetRequiredService<IdGenerator>().Next()));
        services.AddSingleton<RunJob>();
        services.AddSingleton(container => new JobLoopSurroundings(
            container.GetRequiredService<IOptions<JobOptions>>().Value,
            container.GetRequiredService<TimeProvider>(),
            container.GetRequiredService<ServiceMetrics>(),
            container.GetRequiredService<ILogger<JobLoop>>()));
    }

    /// <summary>Adds a loop; each job gets its handler from a scope of its own.</summary>
    public static void AddJobLoop<THandler>(this IServiceCollection services, int concurrency)
        where THandler : class, IJobHandler
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(concurrency, 1);
        services.TryAddScoped<THandler>();
        services.AddSingleton<IHostedService>(container =>
        {
            using var scope = container.CreateScope();
            var kind = scope.ServiceProvider.GetRequiredService<THandler>().Kind;
            return ActivatorUtilities.CreateInstance<JobLoop>(container, new JobLoopPlan(kind, concurrency, HandleAsync));

            async Task<JobOutcome> HandleAsync(LeasedJob job, CancellationToken cancellationToken)
            {
                await using var own = container.GetRequiredService<IServiceScopeFactory>().CreateAsyncScope();
                return await own.ServiceProvider.GetRequiredService<THandler>().RunAsync(job, cancellationToken);
            }
        });
    }
}
