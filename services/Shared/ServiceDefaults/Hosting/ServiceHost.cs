using System.Runtime.InteropServices;
using CustomerInsights.ServiceDefaults.Sidecar;
using CustomerInsights.ServiceDefaults.Storage;
using CustomerInsights.ServiceDefaults.Telemetry;
using Microsoft.Extensions.Configuration;

namespace CustomerInsights.ServiceDefaults.Hosting;

/// <summary>Runs services as a process.</summary>
public static class ServiceHost
{
    private const string MigrateOnly = "--migrate";
    private const int Stopped = 0;
    private const int Failed = 1;
    private const int Refused = 2;

    /// <summary>
    /// Runs a service until the process is told to stop; with --migrate only brings the database up to date. Returns the
    /// exit code: 0 stopped or migrated, 1 failed, 2 refused to start because of its configuration.
    /// </summary>
    public static Task<int> RunAsync(IServiceApp app, string[] args) => RunAsync([app], args);

    /// <summary>
    /// As <see cref="RunAsync(IServiceApp, string[])"/> for several services in one process, each in its own container
    /// with its own database. Section "Apps:{app id}" overrides the configuration of one of them.
    /// </summary>
    public static async Task<int> RunAsync(IReadOnlyList<IServiceApp> apps, string[] args)
    {
        var configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true)
            .AddEnvironmentVariables()
            .AddCommandLine([.. args.Where(arg => arg != MigrateOnly)])
            .Build();
        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => StopOnFirst(signal, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => StopOnFirst(signal, stop));
        try
        {
            var settled = await ResolveSecrets.RunAsync(configuration, TimeProvider.System, stop.Token);
            await using var process = ServiceProcess.Build(apps, settled);
            return args.Contains(MigrateOnly) ? await MigrateAsync(process, stop.Token) : await RunAsync(process, stop.Token);
        }
        catch (StartRefusedException refused)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            return Refused;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Stopped;
        }
        catch (MigrationException behind)
        {
            await Console.Error.WriteLineAsync(behind.Message);
            return Refused;
        }
        catch (Exception exception)
        {
            await Console.Error.WriteLineAsync($"The process failed: {ExceptionOutline.Of(exception)}");
            return Failed;
        }
    }

    private static async Task<int> MigrateAsync(ServiceProcess process, CancellationToken stop)
    {
        await process.MigrateAsync(stop);
        return Stopped;
    }

    private static async Task<int> RunAsync(ServiceProcess process, CancellationToken stop)
    {
        await process.StartAsync(stop);
        var ended = await process.WaitForEndAsync(stop);
        await process.StopAsync(CancellationToken.None);
        return ended ? Failed : Stopped;
    }

    // A second signal ends the process at once.
    private static void StopOnFirst(PosixSignalContext signal, CancellationTokenSource stop)
    {
        signal.Cancel = !stop.IsCancellationRequested;
        stop.Cancel();
    }
}
